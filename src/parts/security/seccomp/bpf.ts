/**
 * Classic BPF as seccomp runs it: one instruction is a code, two jump distances and a number.
 *
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 */
export type BpfInstruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

/** Loads 32 bits of `struct seccomp_data` into the accumulator. */
const LOAD = 0x20;
const JUMP_ALWAYS = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_EQUAL = 0x35;
const AND = 0x54;
const RETURN = 0x06;

/** Conditional jumps hold their distance in one byte. */
const FARTHEST = 255;

/** The kernel takes no longer program (BPF_MAXINSNS). */
export const MOST_INSTRUCTIONS = 4096;

/** Offsets in `struct seccomp_data`. */
export const OFFSET = { number: 0, architecture: 4, argument: (index: number): number => 16 + 8 * index } as const;

export const load = (offset: number): BpfInstruction => [LOAD, 0, 0, offset];
export const and = (mask: number): BpfInstruction => [AND, 0, 0, mask >>> 0];
export const giveBack = (action: number): BpfInstruction => [RETURN, 0, 0, action >>> 0];

/** What is compared with the accumulator. */
export type Comparison = 'equal' | 'greater' | 'greater-equal';
const CODE_OF: Readonly<Record<Comparison, number>> = { equal: JUMP_EQUAL, greater: JUMP_GREATER, 'greater-equal': JUMP_GREATER_EQUAL };

/** Distances count from the next instruction. Must fit a byte. */
export function jump(comparison: Comparison, operand: number, whenTrue: number, whenFalse: number): BpfInstruction {
  if (whenTrue > FARTHEST || whenFalse > FARTHEST) throw new RangeError('a conditional jump goes too far');
  return [CODE_OF[comparison], whenTrue, whenFalse, operand >>> 0];
}

/** `yes` where the comparison holds, else `no`; both must end in a return. Any length: long ways go over an unconditional jump. */
export function branch(comparison: Comparison, operand: number, yes: readonly BpfInstruction[], no: readonly BpfInstruction[]): BpfInstruction[] {
  if (no.length <= FARTHEST) return [jump(comparison, operand, no.length, 0), ...no, ...yes];
  return [jump(comparison, operand, 0, 1), [JUMP_ALWAYS, 0, 0, no.length], ...no, ...yes];
}

/** The bytes of `struct sock_filter[]`, little-endian. */
export function bytesOf(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(([code, whenTrue, whenFalse, operand], index) => {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, whenTrue);
    bytes.setUint8(index * 8 + 3, whenFalse);
    bytes.setUint32(index * 8 + 4, operand, true);
  });
  return new Uint8Array(bytes.buffer);
}
