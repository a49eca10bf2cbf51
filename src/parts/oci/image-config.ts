/** A health check as images and containers carry it. Times are nanoseconds, as in Docker's image format; 0 is "not set". */
export interface Healthcheck {
  /** `[]` inherit, `['NONE']` off, `['CMD', …]` or `['CMD-SHELL', text]`. */
  readonly test: readonly string[];
  readonly intervalNs: number;
  readonly timeoutNs: number;
  readonly startPeriodNs: number;
  readonly startIntervalNs: number;
  readonly retries: number;
}

/** The part of an image that says how to run it (OCI image-spec `config`, with Docker's additions). */
export interface ImageRunConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | null;
  readonly cmd: readonly string[] | null;
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp`, sorted. */
  readonly exposedPorts: readonly string[];
  /** Absolute paths in the container. */
  readonly volumes: readonly string[];
  readonly stopSignal: string | null;
  readonly healthcheck: Healthcheck | null;
  readonly shell: readonly string[] | null;
  readonly onBuild: readonly string[] | null;
  readonly argsEscaped: boolean;
}
