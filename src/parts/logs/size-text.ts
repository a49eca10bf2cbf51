const POWERS = 'kmgtp';

/**
 * Reads `10m`, `1.5 GB`, `100` as docker/go-units does.
 *
 * @param base 1000 as for a log's size, or 1024 as for memory
 * @returns whole bytes
 * @throws {Error} with go-units' words
 */
export function parseSize(text: string, base: 1000 | 1024): number {
  const [, number, suffix] = /^(.*[\d. ])([^\d. ]*)$/s.exec(text) ?? [];
  if (number === undefined || suffix === undefined) throw new Error(`invalid size: '${text}'`);
  const trimmed = number.endsWith(' ') ? number.slice(0, -1) : number;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(trimmed)) throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(trimmed)}: invalid syntax`);
  const value = Number(trimmed);
  if (value < 0) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(value * multiplier(suffix.toLowerCase(), base));
}

function multiplier(suffix: string, base: number): number {
  if (suffix === '' || suffix === 'b') return 1;
  const power = POWERS.indexOf(suffix.charAt(0)) + 1;
  if (power === 0 || !['', 'b', 'ib'].includes(suffix.slice(1))) throw new Error(`invalid suffix: '${suffix}'`);
  return base ** power;
}
