import { readdir, realpath, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { EngineError, codeOf } from '#base/errors.ts';
import type { OciDevice, OciDeviceRule } from './oci-spec.ts';
import type { DeviceMapping, DeviceRequest, ResourceLimits } from './settings.ts';

export interface BlockDevice {
  readonly major: number;
  readonly minor: number;
}

/** What a container's devices come down to: nodes to make, and rules for the devices cgroup beside the default ones. */
export interface ResolvedDevices {
  readonly nodes: readonly OciDevice[];
  readonly rules: readonly OciDeviceRule[];
  /** Numbers of the block devices that limits name. */
  readonly blockDevices: ReadonlyMap<string, BlockDevice>;
}

/**
 * Nothing may be touched but the harmless character devices that every container has, and /dev/net/tun, which is of use
 * only with CAP_NET_ADMIN (runc opens it, and VPN containers count on that). Runtimes add ptys and mknod.
 */
export const DEFAULT_DEVICE_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  ...[[1, 5], [1, 3], [1, 9], [1, 8], [5, 0], [5, 1], [10, 200]].map(([major = 0, minor = 0]): OciDeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
];

/**
 * Looks up at start what a container asked for of the host's devices.
 *
 * @throws {EngineError} `internal` in Docker's words: `error gathering device information while adding custom device "/dev/x": …`
 */
export async function resolveDevices(limits: ResourceLimits, privileged: boolean): Promise<ResolvedDevices> {
  refuseRequests(limits.deviceRequests);
  const blockDevices = await findBlockDevices(limits);
  if (privileged) {
    // As with Docker, a privileged container sees the host's devices, and mappings only where they rename one.
    const host = await listDevices('/dev', '/dev', 'rwm');
    const mapped = await mappedDevices(limits.devices);
    const taken = new Set(mapped.map(({ node }) => node.path));
    const nodes = [...host.map(({ node }) => node).filter((node) => !taken.has(node.path)), ...mapped.map(({ node }) => node)];
    return { nodes, rules: [{ allow: true, access: 'rwm' }], blockDevices };
  }
  const mapped = await mappedDevices(limits.devices);
  const rules = [...mapped.map(({ rule }) => rule), ...limits.deviceCgroupRules.map(parseDeviceRule)];
  return { nodes: mapped.map(({ node }) => node), rules, blockDevices };
}

interface Device {
  readonly node: OciDevice;
  readonly rule: OciDeviceRule;
}

async function mappedDevices(mappings: readonly DeviceMapping[]): Promise<Device[]> {
  const found: Device[] = [];
  for (const { source, target, permissions } of mappings) {
    found.push(...(await devicesAt(source, target === '' ? source : target, permissions === '' ? 'rwm' : permissions)));
  }
  return found;
}

/** One device, or all below a folder, under the name that the container knows it by. */
async function devicesAt(source: string, target: string, access: string): Promise<Device[]> {
  try {
    const path = await realpath(source);
    const facts = await stat(path);
    if (facts.isDirectory()) return await listDevices(path, target, access);
    const device = deviceOf(facts, target, access);
    if (device) return [device];
  } catch (thrown) {
    const reason = codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : codeOf(thrown) === 'EACCES' ? 'permission denied' : String(codeOf(thrown) ?? thrown);
    throw cannotGather(source, reason, thrown);
  }
  throw cannotGather(source, 'not a device node');
}

function cannotGather(path: string, reason: string, cause?: unknown): EngineError {
  return new EngineError('internal', `error gathering device information while adding custom device "${path}": ${reason}`, { cause });
}

/** Folders in /dev that hold no devices of the host's own (runc's libcontainer/devices skips the same). */
const SKIPPED: ReadonlySet<string> = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

/** Bounds what a folder with a loop of mounts could give. */
const MOST_DEVICES = 4096;

async function listDevices(folder: string, target: string, access: string): Promise<Device[]> {
  const found: Device[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (SKIPPED.has(entry.name) || found.length >= MOST_DEVICES) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      found.push(...(await listDevices(path, join(target, entry.name), access)));
    } else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      const facts = await stat(path).catch(() => undefined); // unplugged since the listing
      const device = facts && deviceOf(facts, join(target, entry.name), access);
      if (device) found.push(device);
    }
  }
  return found;
}

function deviceOf(facts: Stats, path: string, access: string): Device | undefined {
  if (!facts.isCharacterDevice() && !facts.isBlockDevice()) return undefined;
  const type = facts.isBlockDevice() ? 'b' : 'c';
  const { major, minor } = numbersOf(facts.rdev);
  return {
    node: { path, type, major, minor, fileMode: facts.mode & 0o777, uid: facts.uid, gid: facts.gid },
    rule: { allow: true, type, major, minor, access },
  };
}

/** Splits a device number as glibc's `gnu_dev_major` does; bits above 32 do not fit JavaScript's operators. */
export function numbersOf(rdev: number): BlockDevice {
  const low = rdev % 2 ** 32 >>> 0;
  const high = Math.floor(rdev / 2 ** 32);
  return { major: ((low >>> 8) & 0xfff) | (high & 0xffff_f000), minor: (low & 0xff) | ((low >>> 12) & 0xfff00) };
}

/** @throws {EngineError} `internal`: `invalid device cgroup rule format: 'x'` */
export function parseDeviceRule(text: string): OciDeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw new EngineError('internal', `invalid device cgroup rule format: '${text}'`);
  const [, type, major, minor, access = ''] = match;
  return {
    allow: true,
    type: type as 'a' | 'c' | 'b',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}

async function findBlockDevices(limits: ResourceLimits): Promise<Map<string, BlockDevice>> {
  const rates = [limits.blkioWeightDevice, limits.blkioReadBps, limits.blkioWriteBps, limits.blkioReadIops, limits.blkioWriteIops].flat();
  const found = new Map<string, BlockDevice>();
  for (const { path } of rates) {
    const facts = await stat(path).catch((thrown: unknown) => {
      throw new EngineError('internal', `stat ${path}: ${codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : String(codeOf(thrown))}`, { cause: thrown });
    });
    found.set(path, numbersOf(facts.rdev));
  }
  return found;
}

function refuseRequests(requests: readonly DeviceRequest[]): void {
  const request = requests[0];
  if (!request) return;
  const capabilities = request.capabilities.map((all) => `[${all.join(' ')}]`).join(' ');
  throw new EngineError('internal', `could not select device driver "${request.driver}" with capabilities: [${capabilities}]`);
}
