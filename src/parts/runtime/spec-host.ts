import { readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { boundingCapabilities } from '#parts/security/capabilities.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '#parts/security/protected-paths.ts';
import { ContainerFilters } from '#parts/security/seccomp/container-filters.ts';
import type { SeccompProfile } from '#parts/security/seccomp/profile.ts';
import type { Ulimit } from './settings.ts';
import type { SpecHost } from './spec-input.ts';

export interface EngineDefaults {
  /** Of the file that `seccomp-profile` names; null is `unconfined`. */
  readonly seccompProfile: SeccompProfile | null;
  readonly ulimits: readonly Ulimit[];
  readonly noNewPrivileges: boolean;
}

/** Looks at the machine once, at the engine's start. */
export async function readSpecHost(defaults: EngineDefaults): Promise<SpecHost> {
  const status = await readFile('/proc/self/status', 'utf8');
  return {
    capabilities: boundingCapabilities(status),
    filters: new ContainerFilters({
      architecture: goArchitecture(),
      kernel: kernelVersion(release()),
      engineProfile: defaults.seccompProfile,
      supported: /^Seccomp:/m.test(status),
    }),
    apparmorProfile: await apparmorProfile(),
    maskedPaths: [...DEFAULT_MASKED_PATHS, ...(await thermalPaths())],
    readonlyPaths: DEFAULT_READONLY_PATHS,
    ulimits: defaults.ulimits,
    noNewPrivileges: defaults.noNewPrivileges,
  };
}

/** Go's word for this machine. */
export function goArchitecture(arch: string = process.arch): string {
  const words: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return words[arch] ?? arch;
}

/** Of `6.18.0-1-amd64`. */
export function kernelVersion(text: string): readonly [major: number, minor: number] {
  const match = /^(\d+)\.(\d+)/.exec(text);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

const APPARMOR = '/sys/kernel/security/apparmor';
const DEFAULT_APPARMOR_PROFILE = 'onggi-default';

/** null without AppArmor; empty where it is on but our profile is not loaded, so that a start does not fail for it. */
async function apparmorProfile(): Promise<string | null> {
  const enabled = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N');
  if (enabled.trim() !== 'Y') return null;
  const profiles = await readFile(`${APPARMOR}/profiles`, 'utf8').catch(() => '');
  return profiles.split('\n').some((line) => line.startsWith(`${DEFAULT_APPARMOR_PROFILE} `)) ? DEFAULT_APPARMOR_PROFILE : '';
}

/** Intel's counters of each CPU's throttling tell a container what its neighbours do. */
async function thermalPaths(): Promise<string[]> {
  const folder = '/sys/devices/system/cpu';
  const names = await readdir(folder).catch(() => []);
  const cpus = names.filter((name) => /^cpu\d+$/.test(name));
  const throttled = await Promise.all(cpus.map(async (name) => (await readdir(`${folder}/${name}`).catch(() => [] as string[])).includes('thermal_throttle')));
  return cpus.filter((_, index) => throttled[index]).map((name) => `${folder}/${name}/thermal_throttle`);
}
