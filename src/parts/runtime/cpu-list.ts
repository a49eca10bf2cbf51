/** The highest CPU number that a list may name: far above any machine, low enough to hold the list in memory. */
const HIGHEST = 8191;

/** The numbers of a kernel list (`0-3,8`); undefined where it is not one. An empty text is an empty set. */
export function parseCpuList(text: string): ReadonlySet<number> | undefined {
  const numbers = new Set<number>();
  if (text === '') return numbers;
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last > HIGHEST) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}
