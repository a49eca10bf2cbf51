import { closeSync, readFileSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { systemError } from './libc.ts';
import { checked, declareSyscall, SYS } from './syscall.ts';

const pidfdOpen = declareSyscall<[number, number]>(SYS.pidfdOpen, ['int', 'uint']);
const pidfdSendSignal = declareSyscall<[number, number, null, number]>(SYS.pidfdSendSignal, ['int', 'int', 'void *', 'uint']);

export interface ProcessStat {
  /** The program's name, at most 15 bytes. */
  readonly name: string;
  /** `R`, `S`, `D`, `T`, `Z`, `X`, … */
  readonly state: string;
  readonly parentPid: number;
  /** Clock ticks since boot. With the pid it names one process for ever, which a pid alone does not. */
  readonly startTime: number;
}

/** undefined where there is no such process. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function statOf(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ESRCH') return undefined;
    throw thrown;
  }
  return parseStat(text);
}

/** The name may hold spaces and brackets: fields are counted from its last bracket. */
export function parseStat(text: string): ProcessStat {
  const end = text.lastIndexOf(')');
  const rest = text.slice(end + 2).split(' ');
  return { name: text.slice(text.indexOf('(') + 1, end), state: rest[0] ?? '?', parentPid: Number(rest[1]), startTime: Number(rest[19]) };
}

/** Clock ticks since boot; undefined where there is no such process. */
export function startTimeOf(pid: number): number | undefined {
  return statOf(pid)?.startTime;
}

/** True while the process that began at `startTime` runs; a zombie runs no more. */
export function isAlive(pid: number, startTime: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/**
 * Sends a signal to the process that began at `startTime`, and to no later one that got its pid.
 *
 * @returns false when that process is gone
 * @see https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html
 */
export function killProcess(pid: number, startTime: number, signal: number): boolean {
  const descriptor = pidfdOpen(pid, 0);
  if (descriptor < 0) {
    const error = systemError('pidfd_open', String(pid));
    if (error.code === 'ESRCH' || error.code === 'EINVAL') return false;
    throw error;
  }
  try {
    // The descriptor is bound to one process from here on: checked now, it cannot change any more.
    if (startTimeOf(pid) !== startTime) return false;
    if (pidfdSendSignal(descriptor, signal, null, 0) === 0) return true;
    const error = systemError('pidfd_send_signal', String(pid));
    if (error.code === 'ESRCH') return false;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** A pidfd of the process, close-on-exec. @throws `ESRCH` when there is none */
export function openPidfd(pid: number): number {
  return checked(pidfdOpen(pid, 0), 'pidfd_open', String(pid));
}
