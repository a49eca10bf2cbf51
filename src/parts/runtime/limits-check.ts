import { EngineError } from '#base/errors.ts';
import type { CgroupFacts } from './cgroup-facts.ts';
import { parseCpuList } from './cpu-list.ts';
import type { ResourceLimits } from './settings.ts';

const LEAST_MEMORY_BYTES = 6 * 1024 * 1024;

/** The limits as they will be kept and applied: defaults filled in, what the host cannot hold taken out. */
export interface CheckedLimits {
  readonly limits: ResourceLimits;
  readonly warnings: readonly string[];
}

/** `update` allows a swap limit alone, since the memory limit may stand already. */
export type LimitsOccasion = 'create' | 'update';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Check {
  readonly limits: Mutable<ResourceLimits>;
  readonly host: CgroupFacts;
  readonly warn: (text: string) => void;
}

/**
 * Docker's checks and adaptations of cgroup limits (moby daemon/daemon_unix.go, verifyPlatformContainerResources).
 *
 * @throws {EngineError} `invalid` in Docker's words: `Minimum memory limit allowed is 6MB`, …
 */
export function checkLimits(given: ResourceLimits, host: CgroupFacts, occasion: LimitsOccasion = 'create'): CheckedLimits {
  const warnings: string[] = [];
  const check: Check = { limits: { ...given }, host, warn: (text) => warnings.push(text) };
  if (occasion === 'create') fillDefaults(check.limits);
  checkMemory(check, occasion);
  checkOomKiller(check);
  checkPids(check);
  checkCpu(check);
  checkRealtime(check);
  checkCpuset(check);
  checkBlkio(check);
  return { limits: check.limits, warnings };
}

function fillDefaults(limits: Mutable<ResourceLimits>): void {
  if (limits.cpuShares < 0) throw invalid(`invalid CPU shares (${limits.cpuShares}): value must be a positive integer`);
  // Unless told otherwise, a container may swap as much as it may have in memory.
  if (limits.memoryBytes > 0 && limits.memorySwapBytes === 0) limits.memorySwapBytes = limits.memoryBytes * 2;
  limits.oomKillDisable ??= false;
}

function checkMemory({ limits, host, warn }: Check, occasion: LimitsOccasion): void {
  if (limits.memorySwappiness === -1) limits.memorySwappiness = null;
  if (limits.memoryBytes !== 0 && limits.memoryBytes < LEAST_MEMORY_BYTES) throw invalid('Minimum memory limit allowed is 6MB');
  if (limits.memoryBytes > 0 && !host.memory) {
    warn('Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.');
    limits.memoryBytes = 0;
    limits.memorySwapBytes = -1;
  }
  if (limits.memoryBytes > 0 && limits.memorySwapBytes !== -1 && !host.swap) {
    warn('Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.');
    limits.memorySwapBytes = -1;
  }
  if (limits.memoryBytes > 0 && limits.memorySwapBytes > 0 && limits.memorySwapBytes < limits.memoryBytes) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (limits.memoryBytes === 0 && limits.memorySwapBytes > 0 && occasion === 'create') {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  checkSwappiness({ limits, host, warn });
  if (limits.memoryReservationBytes > 0 && !host.memoryReservation) {
    warn('Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.');
    limits.memoryReservationBytes = 0;
  }
  if (limits.memoryReservationBytes > 0 && limits.memoryReservationBytes < LEAST_MEMORY_BYTES) throw invalid('Minimum memory reservation allowed is 6MB');
  if (limits.memoryBytes > 0 && limits.memoryReservationBytes > limits.memoryBytes) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (limits.kernelMemoryTcpBytes > 0 && !host.kernelMemoryTcp) {
    warn('Your kernel does not support kernel memory TCP limit capabilities or the cgroup is not mounted. Limitation discarded.');
    limits.kernelMemoryTcpBytes = 0;
  }
}

function checkSwappiness({ limits, host, warn }: Check): void {
  if (limits.memorySwappiness === null) return;
  if (!host.memorySwappiness) {
    warn('Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.');
    limits.memorySwappiness = null;
    return;
  }
  const value = limits.memorySwappiness;
  if (value < 0 || value > 100) throw invalid(`Invalid value: ${value}, valid memory swappiness range is 0-100`);
}

function checkOomKiller({ limits, host, warn }: Check): void {
  if (limits.oomKillDisable === null) return;
  if (!host.oomKillDisable) {
    if (limits.oomKillDisable) warn('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    limits.oomKillDisable = null;
    return;
  }
  if (limits.oomKillDisable && limits.memoryBytes === 0) {
    warn('OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.');
  }
}

function checkPids({ limits, host, warn }: Check): void {
  // Docker keeps "unlimited" as null.
  if (limits.pidsLimit !== null && limits.pidsLimit <= 0) limits.pidsLimit = null;
  if (limits.pidsLimit === null || host.pids) return;
  warn('Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.');
  limits.pidsLimit = null;
}

function checkCpu({ limits, host, warn }: Check): void {
  if (limits.nanoCpus > 0 && limits.cpuPeriodUs > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (limits.nanoCpus > 0 && limits.cpuQuotaUs > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (limits.nanoCpus > 0 && !host.cpuCfs) {
    throw invalid('NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted');
  }
  if (limits.nanoCpus < 0 || limits.nanoCpus > host.cpuCount * 1e9) {
    throw invalid(`range of CPUs is from 0.01 to ${host.cpuCount}.00, as there are only ${host.cpuCount} CPUs available`);
  }
  if (limits.cpuShares > 0 && !host.cpuShares) {
    warn('Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.');
    limits.cpuShares = 0;
  }
  if ((limits.cpuPeriodUs !== 0 || limits.cpuQuotaUs !== 0) && !host.cpuCfs) {
    warn('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    limits.cpuPeriodUs = 0;
    limits.cpuQuotaUs = 0;
  }
  if (limits.cpuPeriodUs !== 0 && (limits.cpuPeriodUs < 1000 || limits.cpuPeriodUs > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (limits.cpuQuotaUs > 0 && limits.cpuQuotaUs < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkRealtime({ limits, host }: Check): void {
  const { cpuRealtimePeriodUs: period, cpuRealtimeRuntimeUs: runtime } = limits;
  if (period === 0 && runtime === 0) return;
  if (!host.cpuRealtime) throw invalid('kernel does not support CPU real-time scheduler');
  if (period !== 0 && runtime !== 0 && runtime > period) throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
}

function checkCpuset({ limits, host, warn }: Check): void {
  if ((limits.cpusetCpus !== '' || limits.cpusetMems !== '') && !host.cpuset) {
    warn('Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.');
    limits.cpusetCpus = '';
    limits.cpusetMems = '';
  }
  checkList(limits.cpusetCpus, host.cpus, 'cpuset cpus', 'CPUs');
  checkList(limits.cpusetMems, host.mems, 'cpuset mems', 'memory nodes');
}

function checkList(wanted: string, available: string, field: string, noun: string): void {
  const numbers = parseCpuList(wanted);
  if (!numbers) throw invalid(`Invalid value ${wanted} for ${field}: invalid format: ${wanted}`);
  const there = parseCpuList(available) ?? new Set();
  if (!numbers.isSubsetOf(there)) throw invalid(`Requested ${noun} are not available - requested ${wanted}, available: ${available}`);
}

function checkBlkio({ limits, host, warn }: Check): void {
  if (limits.blkioWeight > 0 && !host.blkioWeight) {
    warn('Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.');
    limits.blkioWeight = 0;
  }
  if (limits.blkioWeight > 0 && (limits.blkioWeight < 10 || limits.blkioWeight > 1000)) throw invalid('Range of blkio weight is from 10 to 1000');
  for (const { field, supported, warning } of RATES) {
    if (limits[field].length === 0 || host[supported]) continue;
    warn(warning);
    limits[field] = [];
  }
}

const RATES = [
  {
    field: 'blkioWeightDevice',
    supported: 'blkioWeightDevice',
    warning: 'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  },
  {
    field: 'blkioReadBps',
    supported: 'blkioReadBps',
    warning: 'Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.',
  },
  {
    field: 'blkioWriteBps',
    supported: 'blkioWriteBps',
    warning: 'Your kernel does not support BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS write limit discarded.',
  },
  {
    field: 'blkioReadIops',
    supported: 'blkioReadIops',
    warning: 'Your kernel does not support IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS read limit discarded.',
  },
  {
    field: 'blkioWriteIops',
    supported: 'blkioWriteIops',
    warning: 'Your kernel does not support IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit discarded.',
  },
] as const;

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}
