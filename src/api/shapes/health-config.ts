import type { Healthcheck } from '#parts/oci/image-config.ts';
import type { HealthConfig } from '#protocol/containers.ts';
import { withoutEmpty } from './empty.ts';

/** A health check on the wire, without what is not set. */
export function healthConfig(check: Healthcheck): HealthConfig {
  return withoutEmpty({
    Test: check.test,
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
    Retries: check.retries,
  }) as HealthConfig;
}
