import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_CAPABILITIES } from '../capabilities.ts';
import { compileFilter } from './compile-filter.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { expandProfile } from './expand.ts';
import type { OciSeccomp, OciSyscallRule, SeccompOperator } from './oci-seccomp.ts';
import { SYSCALLS } from './syscall-numbers.ts';
import { ALLOW, AUDIT, ENOSYS_RETURN, EPERM_RETURN, runFilter } from './testing.ts';

const KILL = 0;
const X32 = 0x4000_0000;
const ARCHITECTURES = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

function compiled(filter: OciSeccomp, architecture = 'amd64'): (audit: number, number: number, ...args: bigint[]) => number {
  const bytes = compileFilter(filter, architecture);
  assert.ok(bytes);
  return (audit, number, ...args) => runFilter(bytes, { audit, number: number >>> 0, args });
}

const numberOf = (name: string, table: keyof typeof SYSCALLS = 'amd64'): number => SYSCALLS[table].get(name) ?? assert.fail(name);

function defaultFor(architecture: string): OciSeccomp {
  return expandProfile(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES, architecture, kernel: [6, 18] }) ?? assert.fail('no filter');
}

test('the default profile lets through what it lists, on every architecture of the host', () => {
  const run = compiled(defaultFor('amd64'));
  for (const [audit, table, bit] of [[AUDIT['amd64'], 'amd64', 0], [AUDIT['x86'], 'x86', 0], [AUDIT['amd64'], 'x32', X32]] as const) {
    const call = (name: string, ...args: bigint[]): number => run(audit ?? 0, numberOf(name, table) + bit, ...args);
    for (const name of ['read', 'openat', 'execve', 'mseal', 'rseq', 'setxattrat']) assert.equal(call(name), ALLOW, `${table} ${name}`);
    for (const name of ['mount', 'bpf', 'keyctl', 'unshare', 'setns', 'io_uring_setup', 'reboot']) assert.equal(call(name), EPERM_RETURN, `${table} ${name}`);
    assert.equal(call('clone3'), ENOSYS_RETURN);
    assert.equal(call('clone', 0x0120_0011n), ALLOW);
    assert.equal(call('clone', 0x1000_0011n), EPERM_RETURN);
    assert.equal(call('socket', 1n), ALLOW);
    assert.equal(call('socket', 40n), EPERM_RETURN);
    assert.equal(call('personality', 0xffff_ffffn), ALLOW);
    assert.equal(call('personality', 0x0040_0000n), EPERM_RETURN);
  }
});

test('a call that nobody knows yet answers "no such call"', () => {
  const run = compiled(defaultFor('amd64'));
  for (const number of [467, 600, 0x3fff_ffff]) assert.equal(run(AUDIT['amd64'] ?? 0, number), ENOSYS_RETURN);
  assert.equal(run(AUDIT['amd64'] ?? 0, 0xffff_ffff), EPERM_RETURN);
});

test('another architecture is killed', () => {
  assert.equal(compiled(defaultFor('amd64'))(AUDIT['arm64'] ?? 0, 0), KILL);
  const only64 = compiled({ ...defaultFor('amd64'), architectures: ['SCMP_ARCH_X86_64'] });
  assert.equal(only64(AUDIT['x86'] ?? 0, 0), KILL);
  assert.equal(only64(AUDIT['amd64'] ?? 0, X32), KILL);
});

test('64-bit and 32-bit ARM', () => {
  const run = compiled(defaultFor('arm64'), 'arm64');
  assert.equal(run(AUDIT['arm64'] ?? 0, numberOf('openat', 'arm64')), ALLOW);
  assert.equal(run(AUDIT['arm64'] ?? 0, numberOf('mount', 'arm64')), EPERM_RETURN);
  assert.equal(run(AUDIT['arm'] ?? 0, numberOf('set_tls', 'arm')), ALLOW);
  assert.equal(run(AUDIT['arm'] ?? 0, numberOf('get_tls', 'arm')), EPERM_RETURN);
  assert.equal(run(AUDIT['arm'] ?? 0, 0x1000), ENOSYS_RETURN);
  assert.equal(run(AUDIT['amd64'] ?? 0, 0), KILL);
});

const INTERESTING = [0n, 1n, 4n, 5n, 6n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 4n, 2n ** 32n + 5n, 2n ** 32n + 6n, 2n ** 33n + 5n, 2n ** 64n - 1n];
const HOLDS: Readonly<Record<SeccompOperator, (value: bigint, wanted: bigint, second: bigint) => boolean>> = {
  SCMP_CMP_EQ: (value, wanted) => value === wanted,
  SCMP_CMP_NE: (value, wanted) => value !== wanted,
  SCMP_CMP_LT: (value, wanted) => value < wanted,
  SCMP_CMP_LE: (value, wanted) => value <= wanted,
  SCMP_CMP_GT: (value, wanted) => value > wanted,
  SCMP_CMP_GE: (value, wanted) => value >= wanted,
  SCMP_CMP_MASKED_EQ: (value, mask, wanted) => (value & mask) === wanted,
};

for (const [op, holds] of Object.entries(HOLDS) as [SeccompOperator, (typeof HOLDS)[SeccompOperator]][]) {
  test(`${op} compares all 64 bits, or the 32 there are`, () => {
    for (const value of INTERESTING) {
      const valueTwo = op === 'SCMP_CMP_MASKED_EQ' ? value & 5n : 0n;
      const rule: OciSyscallRule = { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 2, value, valueTwo, op }] };
      const run = compiled({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ARCHITECTURES, syscalls: [rule] });
      for (const given of INTERESTING) {
        assert.equal(run(AUDIT['amd64'] ?? 0, 0, 0n, 0n, given) === ALLOW, holds(given, value, valueTwo), `${given} ${op} ${value}`);
        const low = (word: bigint): bigint => word & 0xffff_ffffn;
        assert.equal(run(AUDIT['x86'] ?? 0, numberOf('read', 'x86'), 0n, 0n, given) === ALLOW, holds(low(given), low(value), low(valueTwo)));
      }
    }
  });
}

test('conditions of one rule must all hold, on one argument any', () => {
  const eq = (index: number, value: bigint) => ({ index, value, op: 'SCMP_CMP_EQ' }) as const;
  const all = compiled({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ARCHITECTURES, syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [eq(0, 1n), eq(1, 2n)] }] });
  assert.equal(all(AUDIT['amd64'] ?? 0, 0, 1n, 2n), ALLOW);
  assert.equal(all(AUDIT['amd64'] ?? 0, 0, 1n, 3n), EPERM_RETURN);
  assert.equal(all(AUDIT['amd64'] ?? 0, 0, 2n, 2n), EPERM_RETURN);
  const any = compiled({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ARCHITECTURES, syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args: [eq(0, 1n), eq(0, 2n)] }] });
  assert.deepEqual([1n, 2n, 3n].map((value) => any(AUDIT['amd64'] ?? 0, 0, value) === ALLOW), [true, true, false]);
});

test('every action has its number', () => {
  const returned = (action: OciSyscallRule['action'], errnoRet?: number): number =>
    compiled({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ARCHITECTURES, syscalls: [{ names: ['read'], action, ...(errnoRet === undefined ? {} : { errnoRet }) }] })(AUDIT['amd64'] ?? 0, 0);
  assert.deepEqual(
    [returned('SCMP_ACT_KILL'), returned('SCMP_ACT_KILL_PROCESS'), returned('SCMP_ACT_TRAP'), returned('SCMP_ACT_ERRNO', 5), returned('SCMP_ACT_TRACE', 7), returned('SCMP_ACT_LOG')],
    [0, 0x8000_0000, 0x0003_0000, 0x0005_0005, 0x7ff0_0007, 0x7ffc_0000],
  );
});

test('a profile that allows by default has no unknown calls', () => {
  const run = compiled({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ARCHITECTURES, syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO' }] });
  assert.deepEqual([run(AUDIT['amd64'] ?? 0, 0), run(AUDIT['amd64'] ?? 0, 1), run(AUDIT['amd64'] ?? 0, 9999)], [EPERM_RETURN, ALLOW, ALLOW]);
});

test('what this compiler does not cover is left to the runtime', () => {
  const base: OciSeccomp = { defaultAction: 'SCMP_ACT_ERRNO', architectures: ARCHITECTURES, syscalls: [] };
  const read = (action: OciSyscallRule['action'], value: bigint): OciSyscallRule => ({ names: ['read'], action, args: [{ index: 0, value, op: 'SCMP_CMP_GT' }] });
  const uncovered: OciSeccomp[] = [
    { ...base, architectures: ['SCMP_ARCH_MIPS'] },
    { ...base, architectures: [] },
    { ...base, flags: ['SECCOMP_FILTER_FLAG_LOG'] },
    { ...base, listenerPath: '/run/x' },
    { ...base, syscalls: [{ names: ['read'], action: 'SCMP_ACT_NOTIFY' }] },
    { ...base, syscalls: [read('SCMP_ACT_ALLOW', 1n), read('SCMP_ACT_TRAP', 5n)] },
    // on 32-bit x86 these can be made through socketcall too
    { ...base, syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW' }] },
  ];
  for (const filter of uncovered) assert.equal(compileFilter(filter, 'amd64'), undefined, JSON.stringify(filter, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  assert.equal(compileFilter(base, 'riscv64'), undefined);
  // longer than the kernel takes
  const many = [...Array(600).keys()].map((value) => read('SCMP_ACT_ALLOW', BigInt(value)));
  assert.equal(compileFilter({ ...base, syscalls: many }, 'amd64'), undefined);
});
