import type { UpdateRequest } from '#engine/containers/updater.ts';
import { restartPolicy, resourceLimits } from './container-create.ts';
import { isEmpty } from './empty.ts';
import type { HostConfigBody } from './host-config-body.ts';

/** An update's body in the engine's words. */
export function updateRequest(body: HostConfigBody): UpdateRequest {
  return {
    limits: {
      ...resourceLimits(body),
      // as given: what stands already decides what they mean
      memorySwapBytes: body.MemorySwap,
      pidsLimit: body.PidsLimit,
      ...NOT_CHANGED,
    },
    restartPolicy: body.RestartPolicy.Name === '' ? undefined : restartPolicy({ RestartPolicy: body.RestartPolicy, AutoRemove: false }),
  };
}

const NOT_CHANGED = {
  kernelMemoryTcpBytes: 0, memorySwappiness: null, oomKillDisable: null,
  blkioWeightDevice: [], blkioReadBps: [], blkioWriteBps: [], blkioReadIops: [], blkioWriteIops: [],
  devices: [], deviceCgroupRules: [], deviceRequests: [], ulimits: [], cgroupParent: '',
} as const;

/** What the API takes in an update and dockerd drops without a word. */
const FIXED = [
  'CgroupParent', 'BlkioWeightDevice', 'BlkioDeviceReadBps', 'BlkioDeviceWriteBps', 'BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps',
  'Devices', 'DeviceCgroupRules', 'DeviceRequests', 'KernelMemoryTCP', 'MemorySwappiness', 'OomKillDisable', 'Ulimits',
] as const satisfies readonly (keyof HostConfigBody)[];

/** One text for each setting that only a new container can have otherwise. */
export function discardedChanges(body: HostConfigBody): readonly string[] {
  return FIXED.filter((name) => !isEmpty(body[name]) && !(name === 'MemorySwappiness' && body[name] === -1))
    .map((name) => `${name} cannot be changed by an update. Change discarded.`);
}
