const MAGIC = 0x7f454c46;
const PT_INTERP = 3;

/**
 * True for an ELF program that needs no loader, so that it runs in an empty root.
 *
 * @param head the file's first bytes, its program headers included (4 KiB do)
 */
export function isStaticProgram(head: Buffer): boolean {
  if (head.length < 64 || head.readUInt32BE(0) !== MAGIC) return false;
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const u16 = (at: number): number => (isLittle ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number): number => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at));
  // The upper half of a 64-bit offset is nothing for a table that lies in these first bytes.
  const table = is64 ? u32(isLittle ? 32 : 36) : u32(28);
  const [size, count] = is64 ? [u16(54), u16(56)] : [u16(42), u16(44)];
  if (count === 0 || size < 4 || table + size * count > head.length) return false;
  return Array.from({ length: count }, (_, index) => u32(table + index * size)).every((type) => type !== PT_INTERP);
}
