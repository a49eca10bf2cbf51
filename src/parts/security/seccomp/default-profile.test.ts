import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { CAPABILITY_NAMES, DEFAULT_CAPABILITIES } from '../capabilities.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { expandProfile } from './expand.ts';
import type { OciSeccomp } from './oci-seccomp.ts';
import type { SeccompSubject } from './profile.ts';

const subject = (capabilities: readonly string[], changes: Partial<SeccompSubject> = {}): SeccompSubject => ({
  capabilities,
  architecture: 'amd64',
  kernel: [6, 18],
  ...changes,
});

/** One line for each name with what becomes of it, sorted: independent of how rules are grouped. */
function linesOf(filter: OciSeccomp | undefined): string[] {
  const lines = new Set<string>();
  for (const { names, action, errnoRet, args } of filter?.syscalls ?? []) {
    const conditions = (args ?? []).map(({ index, op, value, valueTwo }) => [index, op, String(value), String(valueTwo ?? 0)]);
    for (const name of names) lines.add(JSON.stringify([name, action, errnoRet ?? 0, conditions]));
  }
  return [...lines].sort();
}

// Number and digest of the same lines out of the config.json that dockerd 28.5 wrote for such containers.
const SEEN: readonly (readonly [string, readonly string[], number, string])[] = [
  ['the default capabilities', DEFAULT_CAPABILITIES, 375, 'fb6e5ea0e1774a557ae05d8c81033f6bde8c2729cbc30cbe1db733cf66a3c2a3'],
  ['--cap-add ALL', CAPABILITY_NAMES, 419, 'ef1476e1ac23b86603743f75eaab330fc2e81ce3100980b1dd5089eacabc4eec'],
  ['--cap-add SYS_ADMIN', [...DEFAULT_CAPABILITIES, 'CAP_SYS_ADMIN'], 399, 'c68c9a9d737b45578d0e317f906afe3f0b935b81696882cc9f450f7018083747'],
  ['--cap-add NET_ADMIN --cap-add SYS_PTRACE', [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE'], 378, 'a1384664f427e38f8c6cb5bf49efe27a65c00ac4f9c05b23b7b855cc869eb40d'],
  ['--cap-drop ALL --cap-add CHOWN', ['CAP_CHOWN'], 374, '1d38dccf555d9fd48fc4a8d142063d5cdfdae204ead62fbd3d719eb3ef59b20f'],
];

for (const [name, capabilities, count, digest] of SEEN) {
  test(`with ${name} exactly the system calls of dockerd are open`, () => {
    const lines = linesOf(expandProfile(DEFAULT_PROFILE, subject(capabilities)));
    assert.equal(lines.length, count);
    assert.equal(createHash('sha256').update(lines.join('\n')).digest('hex'), digest);
  });
}

test('architectures follow the host', () => {
  const of = (architecture: string) => expandProfile(DEFAULT_PROFILE, subject([], { architecture }))?.architectures;
  assert.deepEqual(of('amd64'), ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  assert.deepEqual(of('arm64'), ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  assert.equal(of('mips'), undefined);
});

test('other architectures have calls of their own', () => {
  const names = (architecture: string) => linesOf(expandProfile(DEFAULT_PROFILE, subject([], { architecture }))).map((line) => (JSON.parse(line) as string[])[0]);
  assert.ok(names('arm64').includes('set_tls') && !names('arm64').includes('arch_prctl'));
  assert.ok(names('s390x').includes('s390_pci_mmio_read'));
});

test('an old kernel keeps tracing shut', () => {
  const of = (kernel: readonly [number, number]) => linesOf(expandProfile(DEFAULT_PROFILE, subject([], { kernel }))).some((line) => line.startsWith('["ptrace"'));
  assert.deepEqual([of([4, 7]), of([4, 8]), of([5, 0])], [false, true, true]);
});
