import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '#base/errors.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#base/log.ts';
import { type CgroupLayout, killCgroup, removeCgroup } from '#parts/host/cgroups.ts';
import { connectShim } from '#parts/shim/shim.ts';
import { RuntimeFailure } from '#parts/shim/runtime-failure.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';

const SIGKILL = 9;
const SHIM_PATIENCE_MS = 10_000;

interface Parts {
  readonly records: ContainerRecords;
  readonly cgroups: CgroupLayout;
  readonly cgroupPathOf: (container: Pick<Container, 'id'> & Partial<Container>) => string;
  readonly runtimeRoot: string;
  /** `containers/` below the exec root. */
  readonly stateFolder: string;
  readonly unmountRoot: (id: string) => Promise<void>;
  readonly log: Log;
}

/** Ends what runs of a container that has no place in the records or has lost its shim, and clears its state away. */
export async function reapContainer(id: string, parts: Parts): Promise<void> {
  const { cgroups, cgroupPathOf, runtimeRoot, stateFolder, unmountRoot, records, log } = parts;
  const state = join(stateFolder, id);
  await endShim(state);
  const cgroup = cgroupPathOf(records.find(id) ?? { id });
  if (!(await killCgroup(cgroups, cgroup))) log.error('processes of a container do not end', { id, cgroup });
  removeCgroup(cgroups, cgroup);
  await rm(join(runtimeRoot, id), { recursive: true, force: true });
  await rm(state, { recursive: true, force: true });
  await unmountRoot(id);
}

/** A living shim clears up behind its process by itself. */
async function endShim(state: string): Promise<void> {
  try {
    using shim = await connectShim(state);
    shim.signal(SIGKILL);
    await Promise.race([shim.cleaned, pause(SHIM_PATIENCE_MS, undefined, { ref: false })]);
  } catch (thrown) {
    if (thrown instanceof RuntimeFailure || ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(codeOf(thrown) ?? '')) return;
    throw thrown;
  }
}
