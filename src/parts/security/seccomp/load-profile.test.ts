import assert from 'node:assert/strict';
import test from 'node:test';
import { ContainerFilters } from './container-filters.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { expandProfile } from './expand.ts';
import { loadProfile } from './load-profile.ts';

const SUBJECT = { capabilities: ['CAP_CHOWN'], architecture: 'amd64', kernel: [6, 18] } as const;

test('a profile in the format of Docker becomes a filter', () => {
  const profile = loadProfile(JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    syscalls: [
      { name: 'read', action: 'SCMP_ACT_ALLOW', args: null, comment: 'old spelling' },
      { names: ['write'], action: 'SCMP_ACT_ALLOW', args: [{ index: 1, value: 5, valueTwo: 6, op: 'SCMP_CMP_MASKED_EQ' }], includes: { caps: ['CAP_CHOWN'] } },
      { names: ['open'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } },
      { names: ['close'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_CHOWN'] } },
      { names: ['stat'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
      { names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.18' } },
      { names: ['reboot'], action: 'SCMP_ACT_KILL', excludes: { minKernel: '6.19', arches: ['arm64'] } },
    ],
  }));
  assert.deepEqual(expandProfile(profile, SUBJECT), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['write'], action: 'SCMP_ACT_ALLOW', args: [{ index: 1, value: 5n, valueTwo: 6n, op: 'SCMP_CMP_MASKED_EQ' }] },
      { names: ['bpf'], action: 'SCMP_ACT_ALLOW' },
      { names: ['reboot'], action: 'SCMP_ACT_KILL' },
    ],
  });
});

test('a profile of nothing filters nothing', () => {
  assert.equal(expandProfile(loadProfile('{}'), SUBJECT), undefined);
});

test('values of 64 bits keep every digit', () => {
  const text = '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}';
  assert.equal(loadProfile(text).syscalls[0]?.args?.[0]?.value, 2n ** 64n - 1n);
});

const rule = (fields: object): string => JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', ...fields }] });
const REFUSED: readonly (readonly [string, string | RegExp])[] = [
  ['/etc/profile.json', "Decoding seccomp profile failed: invalid character '/' looking for beginning of value"],
  [' ', 'Decoding seccomp profile failed: unexpected end of JSON input'],
  ['{"defaultAction"', /^Decoding seccomp profile failed: /],
  ['[]', 'Decoding seccomp profile failed: the profile is not an object'],
  ['{"defaultAction":"SCMP_ACT_FOO"}', 'string SCMP_ACT_FOO is not a valid action for seccomp'],
  [rule({ name: 'write' }), "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'"],
  [rule({ names: 'read' }), 'Decoding seccomp profile failed: names is not a list'],
  [rule({ names: [5] }), 'Decoding seccomp profile failed: names is not text'],
  [rule({ errnoRet: 5000 }), 'Decoding seccomp profile failed: an errno is not a number of 0 to 4095'],
  [rule({ args: [{ index: 6, value: 1, op: 'SCMP_CMP_EQ' }] }), 'Decoding seccomp profile failed: an argument has no index of 0 to 5'],
  [rule({ args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }), 'Decoding seccomp profile failed: the value of an argument is not an unsigned 64-bit number'],
  [rule({ args: [{ index: 0, value: 1, op: 'EQ' }] }), 'Decoding seccomp profile failed: EQ is not a valid operator'],
  [rule({ includes: { minKernel: 'six' } }), 'Decoding seccomp profile failed: invalid kernel version: "six", expected "<kernel>.<major>"'],
  ['"'.padEnd(1024 * 1024 + 2, 'x'), 'Decoding seccomp profile failed: it is larger than 1048576 bytes'],
];

for (const [text, message] of REFUSED) {
  test(`refused: ${text.slice(0, 90)}`, () => {
    assert.throws(() => loadProfile(text), { kind: 'internal', message });
  });
}

test('architectures are named in one way only', () => {
  const profile = loadProfile('{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}');
  assert.throws(() => expandProfile(profile, SUBJECT), /both 'architectures' and 'archMap' are specified/);
});

const filters = (supported = true) => new ContainerFilters({ architecture: 'amd64', kernel: [6, 18], engineProfile: DEFAULT_PROFILE, supported });
const wish = { asked: undefined, privileged: false, capabilities: [] };

test('who is filtered, and by what', () => {
  const known = filters();
  assert.equal(known.of({ ...wish, asked: 'unconfined' }), undefined);
  assert.equal(known.of({ ...wish, privileged: true }), undefined);
  assert.equal(known.of({ ...wish, privileged: true, asked: 'builtin' }), undefined);
  assert.deepEqual(known.of({ ...wish, asked: 'builtin' })?.rules, known.of(wish)?.rules);
  assert.equal(known.of({ ...wish, privileged: true, asked: rule({}) })?.rules.defaultAction, 'SCMP_ACT_ALLOW');
  assert.equal(known.of(wish), known.of(wish), 'each kind is compiled once');
});

test('a kernel without filters takes no profile, but runs the rest', () => {
  assert.equal(filters(false).of(wish), undefined);
  assert.throws(() => filters(false).of({ ...wish, asked: rule({}) }), { message: 'seccomp is not enabled in your kernel, cannot run a custom seccomp profile' });
});
