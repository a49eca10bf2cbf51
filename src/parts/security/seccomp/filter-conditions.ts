import { and, giveBack, jump, load, OFFSET, type BpfInstruction } from './bpf.ts';
import type { OciSyscallArgument } from './oci-seccomp.ts';

const LOW_HALF = 0xffff_ffffn;

/** All must hold for the rule to give its action. */
export interface ConditionalRule {
  readonly args: readonly OciSyscallArgument[];
  readonly action: number;
}

/**
 * The program for one system call: the first rule that holds gives its action, else `otherwise`. On a 32-bit
 * architecture only the low halves of arguments exist.
 */
export function rulesProgram(rules: readonly ConditionalRule[], otherwise: number, is64Bit: boolean): BpfInstruction[] {
  return [...rules.flatMap((rule) => ruleProgram(rule, is64Bit)), giveBack(otherwise)];
}

/** Falls through to what follows where the rule does not hold. */
function ruleProgram({ args, action }: ConditionalRule, is64Bit: boolean): BpfInstruction[] {
  let program: BpfInstruction[] = [giveBack(action)];
  for (const argument of args.toReversed()) program = [...condition(argument, is64Bit, program.length), ...program];
  return program;
}

/** Falls through where the argument is as wanted, else jumps over the `rest` instructions of the rule. */
function condition(argument: OciSyscallArgument, is64Bit: boolean, rest: number): BpfInstruction[] {
  const { index, value, op } = argument;
  const low = load(OFFSET.argument(index));
  const high = load(OFFSET.argument(index) + 4);
  const [valueHigh, valueLow] = halves(value);
  switch (op) {
    case 'SCMP_CMP_EQ':
      return [...(is64Bit ? [high, jump('equal', valueHigh, 0, rest + 2)] : []), low, jump('equal', valueLow, 0, rest)];
    case 'SCMP_CMP_NE':
      return [...(is64Bit ? [high, jump('equal', valueHigh, 0, 2)] : []), low, jump('equal', valueLow, rest, 0)];
    case 'SCMP_CMP_MASKED_EQ': {
      const [wantedHigh, wantedLow] = halves(argument.valueTwo ?? 0n);
      const top = is64Bit ? [high, and(valueHigh), jump('equal', wantedHigh, 0, rest + 3)] : [];
      return [...top, low, and(valueLow), jump('equal', wantedLow, 0, rest)];
    }
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE': {
      const top = is64Bit ? [high, jump('greater', valueHigh, 3, 0), jump('equal', valueHigh, 0, rest + 2)] : [];
      return [...top, low, jump(op === 'SCMP_CMP_GT' ? 'greater' : 'greater-equal', valueLow, 0, rest)];
    }
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE': {
      const top = is64Bit ? [high, jump('greater', valueHigh, rest + 3, 0), jump('equal', valueHigh, 0, 2)] : [];
      return [...top, low, jump(op === 'SCMP_CMP_LT' ? 'greater-equal' : 'greater', valueLow, rest, 0)];
    }
    default:
      return op satisfies never;
  }
}

function halves(value: bigint): [high: number, low: number] {
  return [Number(value >> 32n), Number(value & LOW_HALF)];
}
