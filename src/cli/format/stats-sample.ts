/** One answer of `GET /containers/{id}/stats`: what the kernel counts for a container, twice. */
export interface StatsSample {
  readonly name?: string;
  readonly id?: string;
  readonly cpu_stats?: CpuSample;
  readonly precpu_stats?: CpuSample;
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> | null };
  readonly pids_stats?: { readonly current?: number };
  readonly blkio_stats?: { readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>> | null;
}

interface CpuSample {
  /** Nanoseconds. */
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/** Share of one CPU between the two counts, in percent: 200 is two whole CPUs. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: StatsSample): number {
  const used = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const passed = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpus = now?.online_cpus || (now?.cpu_usage?.percpu_usage?.length ?? 0);
  return used > 0 && passed > 0 ? (used / passed) * cpus * 100 : 0;
}

/** Bytes that a container holds for good: the page cache that the kernel may take back is left out. */
export function memoryBytes({ memory_stats: memory }: StatsSample): number {
  const usage = memory?.usage ?? 0;
  // Version 1 of the cgroups counts its children in total_…, version 2 always does.
  const inactive = memory?.stats?.['total_inactive_file'] ?? memory?.stats?.['inactive_file'] ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

/** Bytes read from and written to block devices. */
export function blockBytes({ blkio_stats: block }: StatsSample): readonly [number, number] {
  const of = (letter: string): number => (block?.io_service_bytes_recursive ?? [])
    .filter(({ op }) => op.toLowerCase().startsWith(letter))
    .reduce((sum, { value }) => sum + value, 0);
  return [of('r'), of('w')];
}

/** Bytes received and sent, all interfaces together. */
export function networkBytes({ networks }: StatsSample): readonly [number, number] {
  const all = Object.values(networks ?? {});
  return [all.reduce((sum, { rx_bytes: bytes }) => sum + bytes, 0), all.reduce((sum, { tx_bytes: bytes }) => sum + bytes, 0)];
}
