import { readlinkSync } from 'node:fs';
import { kernelText } from './kernel-counters.ts';

/** What went through one interface. */
export interface NetCounters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/**
 * The interfaces of a process's network namespace by name, loopback left out. Read through /proc: nobody enters the
 * namespace. Empty when the process is gone.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_net.5.html (dev)
 */
export function readNetCounters(pid: number, proc = '/proc'): ReadonlyMap<string, NetCounters> {
  const found = new Map<string, NetCounters>();
  for (const line of (kernelText(`${proc}/${pid}/net/dev`) ?? '').split('\n')) {
    const [, name, rest] = /^\s*(\S+?):\s*(\d.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === 'lo') continue;
    const counts = rest.trim().split(/\s+/).map(Number);
    const at = (index: number): number => counts[index] ?? 0;
    found.set(name, {
      rxBytes: at(0), rxPackets: at(1), rxErrors: at(2), rxDropped: at(3),
      txBytes: at(8), txPackets: at(9), txErrors: at(10), txDropped: at(11),
    });
  }
  return found;
}

/** True for a process in the network namespace that this one runs in; false when it is gone. */
export function sharesOurNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return false;
  }
}
