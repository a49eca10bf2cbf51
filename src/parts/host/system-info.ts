import { readFileSync } from 'node:fs';
import { arch, availableParallelism, hostname, machine, release, totalmem, version } from 'node:os';

export interface SystemInfo {
  /** `uname -r`. */
  readonly kernelVersion: string;
  /** `uname -v`. */
  readonly kernelBuild: string;
  /** `Debian GNU/Linux 12 (bookworm)`; `<unknown>` where the host does not say. */
  readonly operatingSystem: string;
  /** `12`; empty where the host does not say. */
  readonly osVersion: string;
  /** `uname -m`: `x86_64`, `aarch64`. */
  readonly machine: string;
  /** Go's word, as Docker shows it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hostname: string;
}

/** Facts about the host as this process sees them now. */
export function readSystemInfo(): SystemInfo {
  const os = readOsRelease();
  return {
    kernelVersion: release(),
    kernelBuild: version(),
    operatingSystem: os.get('PRETTY_NAME') ?? os.get('NAME') ?? '<unknown>',
    osVersion: os.get('VERSION_ID') ?? '',
    machine: machine(),
    architecture: GO_ARCHITECTURES[arch()] ?? arch(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    hostname: hostname(),
  };
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

function readOsRelease(): ReadonlyMap<string, string> {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(readFileSync(file, 'utf8'));
    } catch {
      // the next one, as os-release(5) says
    }
  }
  return new Map();
}

/** Shell-like assignments. @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, raw] = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined && raw !== undefined) values.set(name, raw.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["'$`\\])/g, '$1'));
  }
  return values;
}

export interface MemoryInfo {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
}

/** @see https://man7.org/linux/man-pages/man5/proc_meminfo.5.html */
export function readMemory(file = '/proc/meminfo'): MemoryInfo {
  const text = readFileSync(file, 'utf8');
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { totalBytes: bytesOf('MemTotal'), availableBytes: bytesOf('MemAvailable'), swapTotalBytes: bytesOf('SwapTotal') };
}
