/** `GET /containers/{id}/stats`. Order of the fields is dockerd's; what is optional is left out where it is zero. */
export interface StatsResponse {
  readonly name: string;
  readonly id: string;
  /** Since API 1.52. */
  readonly os_type?: 'linux';
  readonly read: string;
  readonly preread: string;
  /** `limit` is left out where there is none on cgroup v1, and the largest number of 64 bits on v2. */
  readonly pids_stats: { readonly current?: number; readonly limit?: number };
  readonly blkio_stats: BlkioStats;
  readonly num_procs: 0;
  readonly storage_stats: Readonly<Record<string, never>>;
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: MemoryStats;
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

export interface BlkioStatEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

type Entries = readonly BlkioStatEntry[] | null;

export interface BlkioStats {
  readonly io_service_bytes_recursive: Entries;
  readonly io_serviced_recursive: Entries;
  readonly io_queue_recursive: Entries;
  readonly io_service_time_recursive: Entries;
  readonly io_wait_time_recursive: Entries;
  readonly io_merged_recursive: Entries;
  readonly io_time_recursive: Entries;
  readonly sectors_recursive: Entries;
}

/** Nanoseconds. */
export interface CpuStats {
  readonly cpu_usage: {
    readonly total_usage: number;
    readonly percpu_usage?: readonly number[];
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
  };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: { readonly periods: number; readonly throttled_periods: number; readonly throttled_time: number };
}

export interface MemoryStats {
  readonly usage?: number;
  readonly max_usage?: number;
  readonly stats?: Readonly<Record<string, number>>;
  readonly failcnt?: number;
  readonly limit?: number;
}

export interface NetworkStats {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}
