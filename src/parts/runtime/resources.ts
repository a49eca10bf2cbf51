import type { BlockDevice } from './devices.ts';
import type { OciBlockIo, OciCpu, OciDeviceRule, OciMemory, OciResources } from './oci-spec.ts';
import type { DeviceRate, ResourceLimits } from './settings.ts';

const PERIOD_US = 100_000;

/** Where the limits of block devices find their numbers: path to device, as `findBlockDevices` returns them. */
export type BlockDevices = ReadonlyMap<string, BlockDevice>;

/**
 * Cgroup limits in the specification's form, which is that of cgroup v1; on v2 the runtime converts (shares to weight,
 * memory and swap together to swap alone). Only what was asked for is written.
 */
export function resourcesOf(limits: ResourceLimits, rules: readonly OciDeviceRule[], blockDevices: BlockDevices): OciResources {
  const memory = memoryOf(limits);
  const cpu = cpuOf(limits);
  const blockIO = blockIoOf(limits, blockDevices);
  return {
    devices: rules,
    ...(memory && { memory }),
    ...(cpu && { cpu }),
    ...(limits.pidsLimit !== null && limits.pidsLimit > 0 && { pids: { limit: limits.pidsLimit } }),
    ...(blockIO && { blockIO }),
  };
}

function memoryOf(limits: ResourceLimits): OciMemory | undefined {
  return unlessEmpty<OciMemory>({
    ...(limits.memoryBytes > 0 && { limit: limits.memoryBytes }),
    ...(limits.memoryReservationBytes > 0 && { reservation: limits.memoryReservationBytes }),
    // Unlimited is what a new cgroup has.
    ...(limits.memorySwapBytes > 0 && { swap: limits.memorySwapBytes }),
    ...(limits.kernelMemoryTcpBytes > 0 && { kernelTCP: limits.kernelMemoryTcpBytes }),
    ...(limits.memorySwappiness !== null && { swappiness: limits.memorySwappiness }),
    ...(limits.oomKillDisable === true && { disableOOMKiller: true }),
  });
}

function cpuOf(limits: ResourceLimits): OciCpu | undefined {
  const exact = limits.nanoCpus > 0;
  const period = exact ? PERIOD_US : limits.cpuPeriodUs;
  const quota = exact ? Math.trunc((limits.nanoCpus * PERIOD_US) / 1e9) : limits.cpuQuotaUs;
  return unlessEmpty<OciCpu>({
    ...(limits.cpuShares > 0 && { shares: limits.cpuShares }),
    // -1 is no limit, which a new cgroup has; crun 1.8 writes it as a number without a sign.
    ...(quota > 0 && { quota }),
    ...(period !== 0 && { period }),
    ...(limits.cpuRealtimeRuntimeUs !== 0 && { realtimeRuntime: limits.cpuRealtimeRuntimeUs }),
    ...(limits.cpuRealtimePeriodUs !== 0 && { realtimePeriod: limits.cpuRealtimePeriodUs }),
    ...(limits.cpusetCpus !== '' && { cpus: limits.cpusetCpus }),
    ...(limits.cpusetMems !== '' && { mems: limits.cpusetMems }),
  });
}

function blockIoOf(limits: ResourceLimits, devices: BlockDevices): OciBlockIo | undefined {
  const throttles = (rates: readonly DeviceRate[]) => rates.map(({ path, rate }) => ({ ...numbersOf(devices, path), rate }));
  return unlessEmpty<OciBlockIo>({
    ...(limits.blkioWeight > 0 && { weight: limits.blkioWeight }),
    ...(limits.blkioWeightDevice.length > 0 && {
      weightDevice: limits.blkioWeightDevice.map(({ path, rate }) => ({ ...numbersOf(devices, path), weight: rate })),
    }),
    ...(limits.blkioReadBps.length > 0 && { throttleReadBpsDevice: throttles(limits.blkioReadBps) }),
    ...(limits.blkioWriteBps.length > 0 && { throttleWriteBpsDevice: throttles(limits.blkioWriteBps) }),
    ...(limits.blkioReadIops.length > 0 && { throttleReadIOPSDevice: throttles(limits.blkioReadIops) }),
    ...(limits.blkioWriteIops.length > 0 && { throttleWriteIOPSDevice: throttles(limits.blkioWriteIops) }),
  });
}

function numbersOf(devices: BlockDevices, path: string): BlockDevice {
  const device = devices.get(path);
  if (!device) throw new Error(`the numbers of ${path} were not looked up`);
  return { major: device.major, minor: device.minor };
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}
