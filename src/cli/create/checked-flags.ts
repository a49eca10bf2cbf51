import type { Flag } from '../flags/flag.ts';
import { checkAttach, checkDeviceRule, checkEnv, checkExtraHost, checkIp, checkLabel, checkLink, checkSearchDomain, checkSysctl } from './flag-checks.ts';
import { parseGpus } from './gpu-spec.ts';
import { parseMount } from './mount-spec.ts';
import { parseNetwork } from './network-spec.ts';
import { parseThrottle, parseThrottleBytes, parseUlimit, parseWeight } from './limit-specs.ts';

import { CONTAINER_FLAGS } from './flags.ts';

/** Lets a reader of values refuse them while the flags are read. */
function refusing(read: (value: string) => unknown): (value: string) => string {
  return (value) => {
    read(value);
    return value;
  };
}

const CHECKS: Readonly<Partial<Record<keyof typeof CONTAINER_FLAGS, (value: string) => string>>> = {
  'add-host': checkExtraHost,
  attach: checkAttach,
  'blkio-weight-device': refusing(parseWeight),
  'device-cgroup-rule': checkDeviceRule,
  'device-read-bps': refusing(parseThrottleBytes),
  'device-read-iops': refusing(parseThrottle),
  'device-write-bps': refusing(parseThrottleBytes),
  'device-write-iops': refusing(parseThrottle),
  dns: checkIp,
  'dns-search': checkSearchDomain,
  env: checkEnv,
  gpus: refusing(parseGpus),
  label: checkLabel,
  link: checkLink,
  'link-local-ip': checkIp,
  mount: refusing(parseMount),
  net: refusing(parseNetwork),
  network: refusing(parseNetwork),
  sysctl: checkSysctl,
  ulimit: refusing(parseUlimit),
};

/** The flags of a new container with the checks of their values. */
export function containerFlags(): typeof CONTAINER_FLAGS {
  const checked = Object.entries<Flag>(CONTAINER_FLAGS).map(([name, flag]) => {
    const check = CHECKS[name as keyof typeof CONTAINER_FLAGS];
    return [name, check === undefined ? flag : { ...flag, check }];
  });
  return Object.fromEntries(checked) as typeof CONTAINER_FLAGS;
}
