import type { PathFacts } from '#parts/archive/path-facts.ts';
import { goFileMode, type PathStat } from '#protocol/path-stat.ts';

export function pathStat({ name, sizeBytes, mode, modified, linkTarget }: PathFacts): PathStat {
  const fraction = String(modified.nanoseconds).padStart(9, '0').replace(/0+$/, '');
  const whole = new Date(modified.seconds * 1000).toISOString().slice(0, -5);
  return { name, size: sizeBytes, mode: goFileMode(mode), mtime: `${whole}${fraction && `.${fraction}`}Z`, linkTarget };
}
