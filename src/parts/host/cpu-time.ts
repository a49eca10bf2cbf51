import { readFileSync } from 'node:fs';

/** What all processors have done since the machine started. */
export interface CpuTime {
  /** Nanoseconds of user, nice, system, idle, I/O wait and interrupts; that which hypervisors stole and guests ran left out. */
  readonly totalNs: number;
  readonly onlineCpus: number;
}

const NS_PER_TICK = 10_000_000;
const COUNTED_FIELDS = 7;

/** @see https://man7.org/linux/man-pages/man5/proc_stat.5.html */
export function readCpuTime(file = '/proc/stat'): CpuTime {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith('cpu'));
  const ticks = (lines[0] ?? '').trim().split(/\s+/).slice(1, 1 + COUNTED_FIELDS);
  return { totalNs: ticks.reduce((sum, tick) => sum + Number(tick), 0) * NS_PER_TICK, onlineCpus: lines.length - 1 };
}
