import { EngineError } from '#base/errors.ts';
import type { HealthConfig } from '#protocol/containers.ts';

interface HealthFlags {
  readonly 'health-cmd': string;
  readonly 'health-interval': number;
  readonly 'health-timeout': number;
  readonly 'health-start-period': number;
  readonly 'health-start-interval': number;
  readonly 'health-retries': number;
  readonly 'no-healthcheck': boolean;
}

/** The health check that the flags describe; undefined leaves the image's alone. Zeros are left out, as Go does. */
export function healthConfig(flags: HealthFlags): HealthConfig | undefined {
  const settings = ['interval', 'timeout', 'start-period', 'start-interval', 'retries'] as const;
  const wanted = flags['health-cmd'] !== '' || settings.some((name) => flags[`health-${name}`] !== 0);
  if (flags['no-healthcheck']) {
    if (wanted) throw new EngineError('invalid', '--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!wanted) return undefined;
  for (const name of ['interval', 'timeout', 'retries', 'start-period', 'start-interval'] as const) {
    if (flags[`health-${name}`] < 0) throw new EngineError('invalid', `--health-${name} cannot be negative`);
  }
  const all: HealthConfig = {
    Test: flags['health-cmd'] === '' ? null : ['CMD-SHELL', flags['health-cmd']],
    Interval: flags['health-interval'],
    Timeout: flags['health-timeout'],
    StartPeriod: flags['health-start-period'],
    StartInterval: flags['health-start-interval'],
    Retries: flags['health-retries'],
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => Boolean(value)));
}
