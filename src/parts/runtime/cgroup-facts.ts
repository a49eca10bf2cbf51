import { access, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { CgroupLayout } from '#parts/host/cgroups.ts';

/** Which limits this host can hold. A limit it cannot is discarded with a warning, as Docker does. */
export interface CgroupFacts {
  readonly version: 1 | 2;
  readonly memory: boolean;
  readonly swap: boolean;
  readonly memoryReservation: boolean;
  readonly memorySwappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly kernelMemoryTcp: boolean;
  readonly cpuShares: boolean;
  readonly cpuCfs: boolean;
  readonly cpuRealtime: boolean;
  readonly cpuset: boolean;
  /** Lists as the kernel writes them: `0-3,8`. */
  readonly cpus: string;
  readonly mems: string;
  readonly cpuCount: number;
  readonly pids: boolean;
  readonly blkioWeight: boolean;
  readonly blkioWeightDevice: boolean;
  readonly blkioReadBps: boolean;
  readonly blkioWriteBps: boolean;
  readonly blkioReadIops: boolean;
  readonly blkioWriteIops: boolean;
}

/** Looks once, at the engine's start, for the files that limits are written into. */
export async function readCgroupFacts(layout: CgroupLayout): Promise<CgroupFacts> {
  return layout.version === 2 ? unifiedFacts(layout) : legacyFacts(layout);
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/ */
async function legacyFacts({ hierarchies }: CgroupLayout): Promise<CgroupFacts> {
  const fileOf = (controller: string, file: string): string => join(hierarchies.get(controller) ?? '/nonexistent', `${controller}.${file}`);
  const has = (controller: string, file: string): Promise<boolean> => exists(fileOf(controller, file));
  const cpus = (await readText(fileOf('cpuset', 'cpus'))).trim();
  return {
    version: 1,
    memory: await has('memory', 'limit_in_bytes'),
    swap: await has('memory', 'memsw.limit_in_bytes'),
    memoryReservation: await has('memory', 'soft_limit_in_bytes'),
    memorySwappiness: await has('memory', 'swappiness'),
    oomKillDisable: await has('memory', 'oom_control'),
    kernelMemoryTcp: await has('memory', 'kmem.tcp.limit_in_bytes'),
    cpuShares: await has('cpu', 'shares'),
    cpuCfs: await has('cpu', 'cfs_quota_us'),
    cpuRealtime: await has('cpu', 'rt_period_us'),
    cpuset: cpus !== '',
    cpus,
    mems: (await readText(fileOf('cpuset', 'mems'))).trim(),
    cpuCount: availableParallelism(),
    pids: hierarchies.has('pids'),
    blkioWeight: await has('blkio', 'weight'),
    blkioWeightDevice: await has('blkio', 'weight_device'),
    blkioReadBps: await has('blkio', 'throttle.read_bps_device'),
    blkioWriteBps: await has('blkio', 'throttle.write_bps_device'),
    blkioReadIops: await has('blkio', 'throttle.read_iops_device'),
    blkioWriteIops: await has('blkio', 'throttle.write_iops_device'),
  };
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v2.html */
async function unifiedFacts({ unified = '/sys/fs/cgroup', controllers }: CgroupLayout): Promise<CgroupFacts> {
  const has = (name: string): boolean => controllers.has(name);
  return {
    version: 2,
    memory: has('memory'),
    // The root cgroup has no limits of its own to look at; a kernel without swap accounting (CONFIG_MEMCG without
    // CONFIG_SWAP) has no such file in any other.
    swap: has('memory') && (await swapIsAccounted(unified)),
    memoryReservation: has('memory'),
    memorySwappiness: false,
    oomKillDisable: false,
    kernelMemoryTcp: false,
    cpuShares: has('cpu'),
    cpuCfs: has('cpu'),
    cpuRealtime: false,
    cpuset: has('cpuset'),
    cpus: (await readText(join(unified, 'cpuset.cpus.effective'))).trim(),
    mems: (await readText(join(unified, 'cpuset.mems.effective'))).trim(),
    cpuCount: availableParallelism(),
    pids: has('pids'),
    blkioWeight: has('io'),
    blkioWeightDevice: has('io'),
    blkioReadBps: has('io'),
    blkioWriteBps: has('io'),
    blkioReadIops: has('io'),
    blkioWriteIops: has('io'),
  };
}

async function swapIsAccounted(unified: string): Promise<boolean> {
  const entries = await readdir(unified, { withFileTypes: true }).catch(() => []);
  const child = entries.find((entry) => entry.isDirectory());
  return exists(join(unified, child?.name ?? '', 'memory.swap.max'));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
