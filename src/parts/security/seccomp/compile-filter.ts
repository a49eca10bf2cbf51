import { branch, bytesOf, giveBack, load, MOST_INSTRUCTIONS, OFFSET, type BpfInstruction } from './bpf.ts';
import { rulesProgram, type ConditionalRule } from './filter-conditions.ts';
import type { OciSeccomp, OciSyscallRule, SeccompAction } from './oci-seccomp.ts';
import { SYSCALLS, type SyscallTable } from './syscall-numbers.ts';

const EPERM = 1;
const ENOSYS = 38;
const KILL_THREAD = 0;
const ERRNO = 0x0005_0000;
/** Marks a system call of the x32 ABI, which has the architecture word of amd64. */
const X32_BIT = 0x4000_0000;
/** A tracer that skips a call sets this number. */
const NO_CALL = 0xffff_ffff;
/** Where 32-bit ARM has calls of its own, far beyond all others. */
const ARM_PRIVATE = 0x000f_0000;
const END = 0x1_0000_0000;

/** AUDIT_ARCH_* of linux/audit.h. */
const AUDIT_ARCHITECTURE = { amd64: 0xc000_003e, x86: 0x4000_0003, arm64: 0xc000_00b7, arm: 0x4000_0028 } as const;

/** Socket and System V IPC calls that 32-bit x86 may also make through one number with a selector. */
const MULTIPLEXED: ReadonlySet<string> = new Set(
  `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmsg send sendmmsg
  sendmsg sendto setsockopt shutdown socket socketpair msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat
  shmctl shmdt shmget`.split(/\s+/),
);

/**
 * Compiles a filter as libseccomp would, to what seccomp(2) takes, so that the runtime need not: the numbers of system
 * calls are looked up in a balanced tree, which is also quicker at every call. Two things are better than with
 * libseccomp 2.5: it knows newer calls, and what is newer than anything the profile knows answers ENOSYS and not EPERM,
 * since C libraries fall back only on the former (runc does the same).
 *
 * @param architecture Go's word for the host's
 * @returns undefined where this compiler does not cover the filter; the runtime compiles it then
 */
export function compileFilter(filter: OciSeccomp, architecture: string): Uint8Array | undefined {
  const wanted = filter.architectures ?? [];
  if (filter.listenerPath !== undefined || (filter.flags?.length ?? 0) > 0 || usesNotifications(filter)) return undefined;
  const program = architecture === 'amd64' ? x86Program(filter, wanted) : architecture === 'arm64' ? armProgram(filter, wanted) : undefined;
  return program && program.length <= MOST_INSTRUCTIONS ? bytesOf(program) : undefined;
}

function x86Program(filter: OciSeccomp, wanted: readonly string[]): BpfInstruction[] | undefined {
  if (!within(wanted, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])) return undefined;
  const with32 = wanted.includes('SCMP_ARCH_X86');
  if (with32 && needsMultiplexing(filter)) return undefined;
  const plain = intervalsOf(filter, SYSCALLS.amd64, true);
  const x32 = wanted.includes('SCMP_ARCH_X32') ? intervalsOf(filter, SYSCALLS.x32, false) : undefined;
  const x86 = with32 ? intervalsOf(filter, SYSCALLS.x86, false) : undefined;
  if (!plain || (wanted.includes('SCMP_ARCH_X32') && !x32) || (with32 && !x86)) return undefined;

  const native = [...plain.filter(({ from }) => from < X32_BIT), ...(x32 ? shifted(x32) : [{ from: X32_BIT, program: [giveBack(KILL_THREAD)] }])];
  native.push({ from: NO_CALL, program: [giveBack(defaultOf(filter))] });
  return perArchitecture([
    [AUDIT_ARCHITECTURE.amd64, native],
    ...(x86 ? [[AUDIT_ARCHITECTURE.x86, x86] as const] : []),
  ]);
}

function armProgram(filter: OciSeccomp, wanted: readonly string[]): BpfInstruction[] | undefined {
  if (!within(wanted, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'])) return undefined;
  const arm64 = intervalsOf(filter, SYSCALLS.arm64, true);
  const arm = intervalsOf(filter, SYSCALLS.arm, false);
  if (!arm64 || !arm) return undefined;
  return perArchitecture([
    [AUDIT_ARCHITECTURE.arm64, arm64],
    ...(wanted.includes('SCMP_ARCH_ARM') ? [[AUDIT_ARCHITECTURE.arm, arm] as const] : []),
  ]);
}

/** True where the first is among them and there is nothing else. */
function within(wanted: readonly string[], known: readonly string[]): boolean {
  return wanted.includes(known[0] ?? '') && wanted.every((name) => known.includes(name));
}

function usesNotifications(filter: OciSeccomp): boolean {
  return [filter.defaultAction, ...(filter.syscalls ?? []).map(({ action }) => action)].includes('SCMP_ACT_NOTIFY');
}

function needsMultiplexing({ syscalls = [] }: OciSeccomp): boolean {
  const free = (name: string): boolean => syscalls.some(({ names, args, action }) => names.includes(name) && !args?.length && action === 'SCMP_ACT_ALLOW');
  if (free('socketcall') && free('ipc')) return false;
  return syscalls.some(({ names }) => names.some((name) => MULTIPLEXED.has(name)));
}

/** Programs for ranges of numbers: each reaches from its own `from` to the next one's. */
interface Interval {
  readonly from: number;
  readonly program: readonly BpfInstruction[];
}

function intervalsOf(filter: OciSeccomp, table: SyscallTable, is64Bit: boolean): Interval[] | undefined {
  const otherwise = defaultOf(filter);
  const rules = rulesByNumber(filter, table);
  const programs = new Map<number, readonly BpfInstruction[]>();
  for (const [number, found] of rules) {
    const program = programOf(found, otherwise, is64Bit);
    if (!program) return undefined;
    programs.set(number, program);
  }
  const intervals: Interval[] = [];
  const add = (from: number, program: readonly BpfInstruction[]): void => {
    const last = intervals.at(-1);
    if (last && sameReturn(last.program, program)) return;
    if (last?.from === from) intervals.pop();
    intervals.push({ from, program });
  };
  add(0, [giveBack(otherwise)]);
  for (const number of [...programs.keys()].sort((a, b) => a - b)) {
    add(number, programs.get(number) ?? []);
    if (!programs.has(number + 1)) add(number + 1, [giveBack(otherwise)]);
  }
  return filter.defaultAction === 'SCMP_ACT_ALLOW' || filter.defaultAction === 'SCMP_ACT_LOG' ? intervals : withUnknownCalls(intervals, [...rules.keys()], otherwise);
}

/** Numbers beyond all that the profile names answer "no such call". */
function withUnknownCalls(intervals: readonly Interval[], numbers: readonly number[], otherwise: number): Interval[] {
  const usual = numbers.filter((number) => number < ARM_PRIVATE);
  const first = usual.reduce((most, number) => Math.max(most, number), -1) + 1;
  const before = intervals.filter(({ from }) => from < first);
  const beyond = intervals.filter(({ from }) => from >= ARM_PRIVATE);
  const privateStart = beyond.length > 0 ? [{ from: ARM_PRIVATE, program: [giveBack(otherwise)] }] : [];
  return [...before, { from: first, program: [giveBack(ERRNO | ENOSYS)] }, ...privateStart, ...beyond];
}

function sameReturn(a: readonly BpfInstruction[], b: readonly BpfInstruction[]): boolean {
  return a.length === 1 && b.length === 1 && a[0]?.[3] === b[0]?.[3];
}

function rulesByNumber({ syscalls = [] }: OciSeccomp, table: SyscallTable): Map<number, OciSyscallRule[]> {
  const found = new Map<number, OciSyscallRule[]>();
  for (const rule of syscalls) {
    for (const name of rule.names) {
      const number = table.get(name);
      if (number === undefined) continue; // not a call of this architecture, or newer than this table
      const rules = found.get(number);
      if (rules) rules.push(rule);
      else found.set(number, [rule]);
    }
  }
  return found;
}

/** As libseccomp: a rule without conditions wins over all others of its call. */
function programOf(rules: readonly OciSyscallRule[], otherwise: number, is64Bit: boolean): readonly BpfInstruction[] | undefined {
  const whole = rules.find(({ args }) => !args?.length);
  if (whole) return [giveBack(actionCode(whole.action, whole.errnoRet))];
  const conditional = rules.flatMap(alternatives);
  // Which of several actions an overlap would get is libseccomp's secret.
  if (new Set(conditional.map(({ action }) => action)).size > 1) return undefined;
  try {
    return rulesProgram(conditional, otherwise, is64Bit);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** Several conditions on one argument are alternatives, since libseccomp holds only one in a rule (as runc and crun do). */
function alternatives({ args = [], action, errnoRet }: OciSyscallRule): ConditionalRule[] {
  const code = actionCode(action, errnoRet);
  const repeats = new Set(args.map(({ index }) => index)).size < args.length;
  return repeats ? args.map((argument) => ({ args: [argument], action: code })) : [{ args, action: code }];
}

function shifted(intervals: readonly Interval[]): Interval[] {
  return intervals.map(({ from, program }) => ({ from: from + X32_BIT, program }));
}

function perArchitecture(architectures: readonly (readonly [audit: number, intervals: readonly Interval[]])[]): BpfInstruction[] {
  let rest: BpfInstruction[] = [giveBack(KILL_THREAD)];
  for (const [audit, intervals] of architectures.toReversed()) {
    rest = branch('equal', audit, [load(OFFSET.number), ...treeOf(intervals)], rest);
  }
  return [load(OFFSET.architecture), ...rest];
}

/** Halves the ranges until one is left. */
function treeOf(intervals: readonly Interval[]): readonly BpfInstruction[] {
  const middle = intervals.length >> 1;
  const start = intervals[middle];
  if (middle === 0 || !start || start.from >= END) return intervals[0]?.program ?? [];
  return branch('greater-equal', start.from, treeOf(intervals.slice(middle)), treeOf(intervals.slice(0, middle)));
}

function defaultOf({ defaultAction, defaultErrnoRet }: OciSeccomp): number {
  return actionCode(defaultAction, defaultErrnoRet);
}

/** SECCOMP_RET_* of linux/seccomp.h, with the errno in the low half. */
function actionCode(action: SeccompAction, errno: number = EPERM): number {
  switch (action) {
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return KILL_THREAD;
    case 'SCMP_ACT_KILL_PROCESS':
      return 0x8000_0000;
    case 'SCMP_ACT_TRAP':
      return 0x0003_0000;
    case 'SCMP_ACT_ERRNO':
      return ERRNO | errno;
    case 'SCMP_ACT_TRACE':
      return 0x7ff0_0000 | errno;
    case 'SCMP_ACT_ALLOW':
      return 0x7fff_0000;
    case 'SCMP_ACT_LOG':
      return 0x7ffc_0000;
    case 'SCMP_ACT_NOTIFY':
      return 0x7fc0_0000;
    default:
      return action satisfies never;
  }
}
