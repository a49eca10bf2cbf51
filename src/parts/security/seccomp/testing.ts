/** What the kernel shows a filter: `struct seccomp_data`. */
export interface SyscallSample {
  readonly audit: number;
  readonly number: number;
  readonly args: readonly bigint[];
}

export const AUDIT: Readonly<Record<'amd64' | 'x86' | 'arm64' | 'arm', number>> = { amd64: 0xc000_003e, x86: 0x4000_0003, arm64: 0xc000_00b7, arm: 0x4000_0028 };
export const ALLOW = 0x7fff_0000;
export const EPERM_RETURN = 0x0005_0001;
export const ENOSYS_RETURN = 0x0005_0026;

/** Runs a filter as the kernel does; throws where the kernel would have refused to load it. */
export function runFilter(bytes: Uint8Array, { audit, number, args }: SyscallSample): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, audit, true);
  args.forEach((value, index) => data.setBigUint64(16 + index * 8, value, true));
  let accumulator = 0;
  for (let at = 0; at * 8 < bytes.length; at++) {
    const code = view.getUint16(at * 8, true);
    const operand = view.getUint32(at * 8 + 4, true);
    const jumpIf = (holds: boolean): void => {
      at += view.getUint8(at * 8 + (holds ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x54) accumulator = (accumulator & operand) >>> 0;
    else if (code === 0x05) at += operand;
    else if (code === 0x15) jumpIf(accumulator === operand);
    else if (code === 0x25) jumpIf(accumulator > operand);
    else if (code === 0x35) jumpIf(accumulator >= operand);
    else if (code === 0x06) return operand;
    else throw new Error(`instruction ${at} has the code ${code.toString(16)}`);
  }
  throw new Error('the program ends without a return');
}
