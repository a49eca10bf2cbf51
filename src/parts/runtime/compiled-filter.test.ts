import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { detectCgroups } from '#parts/host/cgroups.ts';
import { compileFilter } from '#parts/security/seccomp/compile-filter.ts';
import { SYSCALLS } from '#parts/security/seccomp/syscall-numbers.ts';
import { AUDIT, ENOSYS_RETURN, EPERM_RETURN, runFilter } from '#parts/security/seccomp/testing.ts';
import { writeBundle } from './bundle.ts';
import { runtimeSpec } from './runtime-spec.ts';
import { Runtimes } from './runtimes.ts';
import { goArchitecture } from './spec-host.ts';
import { plainInput, RealRoot, USUAL_SECURITY } from './testing.ts';

/** The newest call that the libseccomp of Debian 12 knows. */
const NEWEST_OF_LIBSECCOMP = 456;
const ARGUMENTS = [0n, 1n, 8n, 39n, 40n, 41n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn, 0x1_0000_0028n, 2n ** 64n - 1n, 0x2000_0000n, 0x7e02_0000n, 0x0120_0011n];

test('our filter decides as the one that crun and libseccomp compile', { timeout: 60_000, skip: goArchitecture() === 'amd64' ? false : 'compares the tables of amd64' }, async () => {
  await using root = await RealRoot.make();
  const crun = (await Runtimes.find({}, '', detectCgroups())).get('crun');
  for (const capAdd of [[], ['SYS_ADMIN', 'SYS_PTRACE'], ['CHOWN']]) {
    const security = { ...USUAL_SECURITY, capAdd, capDrop: capAdd[0] === 'CHOWN' ? ['ALL'] : [] };
    const id = `onggi-test-filter-${process.pid}-${capAdd.length}-${security.capDrop.length}`;
    const spec = runtimeSpec(plainInput({ rootfs: root.rootfs, cgroupPath: `/onggi-test/${id}`, security }), { compiledSeccomp: false, recursiveReadOnly: true });
    const bundle = join(root.folder, id);
    writeBundle(bundle, spec);
    const state = join(root.folder, 'state');
    const hide = crun.hidePaths.map((path) => `umount ${path};`).join('');
    const script = `${hide} "$1" --root "$2" create --bundle "$3" "$4" </dev/null >/dev/null && cp "$2/$4/seccomp.bpf" "$3/" && "$1" --root "$2" delete --force "$4"`;
    await promisify(execFile)('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script, 'sh', crun.path, state, bundle, id]);

    const theirs = await readFile(join(bundle, 'seccomp.bpf'));
    const ours = compileFilter(spec.linux.seccomp ?? assert.fail('no filter'), 'amd64') ?? assert.fail('not compiled');
    assertSameDecisions(ours, theirs);
  }
});

function assertSameDecisions(ours: Uint8Array, theirs: Uint8Array): void {
  const newer = new Set(['uretprobe', 'uprobe'].map((name) => SYSCALLS.amd64.get(name)));
  for (const audit of Object.values(AUDIT)) {
    for (const bit of audit === AUDIT['amd64'] ? [0, 0x4000_0000] : [0]) {
      for (const number of [...Array(600).keys(), 0x0fff_ffff]) {
        for (const first of ARGUMENTS) {
          const sample = { audit, number: number + bit, args: [first, 5n] };
          const decision = runFilter(ours, sample);
          const reference = runFilter(theirs, sample);
          if (decision === reference) continue;
          // What libseccomp does not know is where ours is meant to differ: known to the profile, or "no such call".
          const isNewer = number > NEWEST_OF_LIBSECCOMP || newer.has(number);
          assert.ok(isNewer && reference === EPERM_RETURN, `${audit.toString(16)} ${number + bit}(${first}): ours ${decision.toString(16)}, theirs ${reference.toString(16)}`);
          if (number > 466) assert.equal(decision, ENOSYS_RETURN);
        }
      }
    }
  }
}
