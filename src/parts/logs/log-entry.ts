/** One record of a container's log. */
export interface LogEntry {
  readonly source: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, as the shim wrote it. */
  readonly time: string;
  /** The bytes as written, with their newline; longer than 16 KiB arrives in several entries, only the last with a newline. */
  readonly line: Buffer;
  /** Extra attributes of `--log-opt labels=…`; undefined where there are none. */
  readonly attrs: Readonly<Record<string, string>> | undefined;
}

/** What of a log is wanted. */
export interface LogQuery {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** The last so many entries; undefined is all. */
  readonly tail: number | undefined;
  /** Nanoseconds since 1970, inclusive; undefined is no bound. */
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
}
