import { totalmem } from 'node:os';
import type { Container } from '#engine/containers/container.ts';
import type { StatsSources } from '#engine/containers/stats.ts';
import type { CgroupLayout } from '#parts/host/cgroups.ts';
import { readCgroupStats } from '#parts/host/cgroup-stats.ts';
import { readCpuTime } from '#parts/host/cpu-time.ts';
import { readNetCounters, sharesOurNetwork } from '#parts/host/net-counters.ts';

/** The kernel's counters of containers, from this host. */
export function statsSources(layout: CgroupLayout, cgroupPathOf: (container: Container) => string): StatsSources {
  return {
    counters: (container) => readCgroupStats(layout, cgroupPathOf(container)),
    cpu: () => readCpuTime(),
    // what the host sends and receives is not the container's
    networks: (pid) => (sharesOurNetwork(pid) ? new Map() : readNetCounters(pid)),
    hostMemoryBytes: totalmem,
  };
}
