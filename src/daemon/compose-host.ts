import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import { CgroupMoves } from '#parts/host/cgroup-moves.ts';
import { type CgroupLayout, detectCgroups } from '#parts/host/cgroups.ts';
import { readSystemInfo } from '#parts/host/system-info.ts';
import { type CgroupFacts, readCgroupFacts } from '#parts/runtime/cgroup-facts.ts';
import { Runtimes } from '#parts/runtime/runtimes.ts';
import { readSpecHost } from '#parts/runtime/spec-host.ts';
import type { SpecHost } from '#parts/runtime/spec-input.ts';
import { DEFAULT_PROFILE } from '#parts/security/seccomp/default-profile.ts';
import type { DaemonConfig } from './config.ts';

/** What was found out about this machine when the engine started. */
export interface HostParts {
  readonly cgroups: CgroupLayout;
  /** Told when a process is about to be put into a cgroup. */
  readonly moves: CgroupMoves;
  readonly cgroupFacts: CgroupFacts;
  readonly runtimes: Runtimes;
  readonly spec: SpecHost;
  readonly architecture: string;
  readonly hostname: string;
  readonly shimPath: string;
}

export async function findHost(config: DaemonConfig): Promise<HostParts> {
  const cgroups = detectCgroups();
  const { architecture, hostname } = readSystemInfo();
  const [moves, cgroupFacts, runtimes, spec] = await Promise.all([
    CgroupMoves.open(cgroups),
    readCgroupFacts(cgroups),
    Runtimes.find(config.runtimes, config.defaultRuntime, cgroups),
    readSpecHost({ seccompProfile: DEFAULT_PROFILE, ulimits: [], noNewPrivileges: false }),
  ]);
  return { cgroups, moves, cgroupFacts, runtimes, spec, architecture, hostname, shimPath: findShim() };
}

/** `build/onggi-shim` beside the bundle (dist/) or the sources (src/daemon/). */
function findShim(): string {
  const candidates = [join(import.meta.dirname, '../build/onggi-shim'), join(import.meta.dirname, '../../build/onggi-shim')];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new EngineError('internal', `onggi-shim is not built: run scripts/build (looked for ${candidates.join(', ')})`);
  return found;
}
