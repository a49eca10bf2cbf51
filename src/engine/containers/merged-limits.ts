import { EngineError } from '#base/errors.ts';
import type { ResourceLimits } from '#parts/runtime/settings.ts';

/**
 * A container's limits with those that an update asks for (moby container/container_unix.go, UpdateContainer).
 *
 * @param asked 0, an empty text and null leave what is there
 * @throws {EngineError} `conflict` where one of them cannot stand beside what is there
 */
export function mergedLimits(now: ResourceLimits, asked: ResourceLimits): ResourceLimits {
  assertCompatible(now, asked);
  return {
    ...now,
    nanoCpus: asked.nanoCpus || now.nanoCpus,
    cpuShares: asked.cpuShares || now.cpuShares,
    cpuPeriodUs: asked.cpuPeriodUs || now.cpuPeriodUs,
    cpuQuotaUs: asked.cpuQuotaUs || now.cpuQuotaUs,
    cpuRealtimePeriodUs: asked.cpuRealtimePeriodUs || now.cpuRealtimePeriodUs,
    cpuRealtimeRuntimeUs: asked.cpuRealtimeRuntimeUs || now.cpuRealtimeRuntimeUs,
    cpusetCpus: asked.cpusetCpus || now.cpusetCpus,
    cpusetMems: asked.cpusetMems || now.cpusetMems,
    memoryBytes: asked.memoryBytes || now.memoryBytes,
    memorySwapBytes: asked.memorySwapBytes || now.memorySwapBytes,
    memoryReservationBytes: asked.memoryReservationBytes || now.memoryReservationBytes,
    pidsLimit: asked.pidsLimit ?? now.pidsLimit,
    blkioWeight: asked.blkioWeight || now.blkioWeight,
  };
}

function assertCompatible(now: ResourceLimits, asked: ResourceLimits): void {
  const conflict = (what: string, standing: string): EngineError =>
    new EngineError('conflict', `Conflicting options: ${what} cannot be updated as ${standing} has already been set`);
  if (asked.nanoCpus > 0 && now.cpuPeriodUs > 0) throw conflict('Nano CPUs', 'CPU Period');
  if (asked.nanoCpus > 0 && now.cpuQuotaUs > 0) throw conflict('Nano CPUs', 'CPU Quota');
  if (asked.cpuPeriodUs > 0 && now.nanoCpus > 0) throw conflict('CPU Period', 'NanoCPUs');
  if (asked.cpuQuotaUs > 0 && now.nanoCpus > 0) throw conflict('CPU Quota', 'NanoCPUs');
  // so it is also for a container without any limit of swap: dockerd wants both then
  if (asked.memoryBytes > now.memorySwapBytes && asked.memorySwapBytes === 0) {
    throw new EngineError('conflict', 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time');
  }
}
