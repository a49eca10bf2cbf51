import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, codeOf } from '#base/errors.ts';
import { cgroupFolders, type CgroupLayout, removeCgroup } from '#parts/host/cgroups.ts';
import { ContainerRoot } from '#parts/host/container-root.ts';
import { logAttrs } from '#parts/logs/log-attrs.ts';
import { logSettings } from '#parts/logs/log-settings.ts';
import { writeBundle } from '#parts/runtime/bundle.ts';
import { oomFiles } from '#parts/runtime/container-cgroup.ts';
import { resolveDevices } from '#parts/runtime/devices.ts';
import { preparedMounts } from '#parts/runtime/prepared-mounts.ts';
import { commandLine, containerEnvironment, workingDirectory } from '#parts/runtime/process-args.ts';
import { runtimeSpec } from '#parts/runtime/runtime-spec.ts';
import type { Runtimes } from '#parts/runtime/runtimes.ts';
import type { SpecHost } from '#parts/runtime/spec-input.ts';
import { type ResolvedUser, resolveUser } from '#parts/runtime/users.ts';
import { type RuntimeChoice, type ShimLaunch, launchShim } from '#parts/shim/launch.ts';
import { RuntimeFailure } from '#parts/shim/runtime-failure.ts';
import { renderStartFailure } from '#parts/shim/start-failure.ts';
import type { Container } from './container.ts';
import { containerMounts } from './container-mounts.ts';
import type { LiveProcess } from './live-process.ts';
import { type Peers, chooseNamespaces, sharedMemory } from './namespaces.ts';
import { readInRoot } from './read-in-root.ts';
import type { SharedMemoryMounts } from './shared-memory-mounts.ts';
import type { StartRequest } from './starter.ts';

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

interface Parts {
  readonly shimPath: string;
  readonly runtimes: Runtimes;
  /** The runtimes' own state, `--root`. */
  readonly runtimeRoot: string;
  readonly host: SpecHost;
  readonly cgroups: CgroupLayout;
  readonly cgroupPathOf: (container: Container) => string;
  readonly findInit: () => Promise<string>;
  readonly peers: Peers;
  /** Throws what a logging driver refuses at the start. */
  readonly verifyLogging: (container: Container) => Promise<void>;
  readonly shm: SharedMemoryMounts;
  /** The contents of the three files below /etc that are each container's own. */
  readonly writeNetworkFiles: (container: Container, folder: string, network: StartRequest['network']) => void;
  /** `containers/` below the data root. */
  readonly folder: string;
  /** `containers/` below the exec root: bundles and shims of what runs. */
  readonly stateFolder: string;
}

/** Turns a stored container into a bundle and starts its shim. */
export class ContainerLauncher {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} with Docker's words when the process could not be started; nothing of it is left */
  async launch(request: StartRequest, cancel: AbortSignal): Promise<LiveProcess> {
    const { id } = request.container;
    const state = join(this.#parts.stateFolder, id);
    // what the last run left; its exit is in the record
    rmSync(join(this.#parts.folder, id, 'exit.json'), { force: true });
    rmSync(state, { recursive: true, force: true });
    mkdirSync(state, { recursive: true, mode: 0o711 });
    try {
      return await this.#launchIn(state, request, cancel);
    } catch (thrown) {
      this.#clearAway(request.container, state);
      throw thrown;
    }
  }

  /** crun leaves its cgroups behind where the kernel refuses a limit. */
  #clearAway(container: Container, state: string): void {
    const { cgroups, cgroupPathOf, runtimeRoot } = this.#parts;
    rmSync(state, { recursive: true, force: true });
    rmSync(join(runtimeRoot, container.id), { recursive: true, force: true });
    try {
      removeCgroup(cgroups, cgroupPathOf(container));
    } catch (thrown) {
      if (codeOf(thrown) !== 'EBUSY') throw thrown; // a killed process is still on its way out: the next start uses it again
    }
  }

  async #launchIn(state: string, request: StartRequest, cancel: AbortSignal): Promise<LiveProcess> {
    const { container, generation, network } = request;
    const { id, spec } = container;
    const { folder, runtimes, runtimeRoot, cgroups, cgroupPathOf, shimPath } = this.#parts;
    const args = commandLine(spec.process.entrypoint, spec.process.cmd);
    await this.#parts.verifyLogging(container);
    const user = await userOf(container, request.rootfs);
    this.#parts.writeNetworkFiles(container, join(folder, id), network);
    if (spec.host.ipcMode === 'shareable') this.#parts.shm.mount(id, spec.host.shmSizeBytes || DEFAULT_SHM_BYTES);
    await this.#writeBundle(request, state, { args, user });
    const launch: ShimLaunch = {
      shimPath, id, generation,
      runtime: runtimeChoice(runtimes, spec.host.runtime, runtimeRoot),
      directory: state,
      exitFile: join(folder, id, 'exit.json'),
      kind: { type: 'run', bundle: state },
      terminal: spec.process.tty,
      size: consoleSize(container),
      stdin: spec.process.openStdin ? 'open' : 'closed',
      log: this.#log(container),
      oomFiles: oomFiles(cgroups, cgroupPathOf(container)),
      cgroups: runtimes.get(spec.host.runtime).plain ? cgroupFolders(cgroups, cgroupPathOf(container)) : [],
      attached: request.attached,
      holdDescriptors: network.descriptors,
    };
    return started(launch, args[0] ?? '', cancel);
  }

  async #writeBundle(request: StartRequest, state: string, { args, user }: { args: readonly string[]; user: ResolvedUser }): Promise<void> {
    const { container, rootfs, network } = request;
    const { spec, id } = container;
    const { host, peers, cgroups, cgroupPathOf, findInit, folder } = this.#parts;
    const { features } = this.#parts.runtimes.get(spec.host.runtime);
    const config = runtimeSpec(
      {
        containerId: id,
        rootfs,
        process: {
          args,
          env: containerEnvironment({ given: spec.process.env, hostname: spec.process.hostname, tty: spec.process.tty, home: user.home }),
          cwd: workingDirectory(spec.process.workingDir),
          tty: spec.process.tty,
          consoleSize: consoleSize(container) ?? null,
          uid: user.uid, gid: user.gid, additionalGids: user.additionalGids,
        },
        hostname: spec.host.utsMode === 'host' ? '' : spec.process.hostname,
        domainname: spec.process.domainname,
        mounts: preparedMounts(await containerMounts(container, join(folder, id), peers), rootfs),
        shm: sharedMemory(container, spec.host.shmSizeBytes || DEFAULT_SHM_BYTES, peers),
        limits: spec.limits,
        security: spec.security,
        devices: await resolveDevices(spec.limits, spec.security.privileged),
        oomScoreAdj: spec.host.oomScoreAdj,
        sysctls: spec.host.sysctls,
        annotations: spec.host.annotations,
        namespaces: chooseNamespaces(container, { networkPath: network.path, cgroupVersion: cgroups.version, peers }),
        cgroupPath: cgroupPathOf(container),
        initPath: spec.host.init ? await findInit() : null,
        host,
      },
      features,
    );
    writeBundle(state, config);
  }

  #log({ id, name, imageId, spec }: Container): ShimLaunch['log'] {
    const { logDriver, logOptions } = spec.host;
    const { written, maxBytes, maxFiles, compress } = logSettings(logDriver, logOptions);
    if (!written) return null;
    const subject = { id, name, imageId, imageName: spec.image, labels: spec.process.labels, env: spec.process.env };
    // other drivers make of these options what their receivers are to get
    const attrsJson = logDriver === 'json-file' ? logAttrs(logOptions, subject) : null;
    return { path: join(this.#parts.folder, id, `${id}-json.log`), maxBytes, maxFiles, compress, attrsJson };
  }
}

/** How the shim is to call a runtime. */
export function runtimeChoice(runtimes: Runtimes, name: string, root: string): RuntimeChoice {
  const runtime = runtimes.get(name);
  const { path, args, hidePaths } = runtime;
  return { path, root, hidePaths, extraArgs: args, sealed: () => runtimes.sealedCopyOf(runtime) };
}

/** @throws {EngineError} where the runtime could not start it */
export async function started(launch: ShimLaunch, program: string, cancel: AbortSignal): Promise<LiveProcess> {
  try {
    return await launchShim(launch, cancel);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeFailure)) throw thrown;
    const { kind, message } = renderStartFailure(thrown.message, { verb: launch.kind.type, program });
    throw new EngineError(kind, message, { cause: thrown });
  }
}

/** Looks the container's user up in its own files. */
export async function userOf({ spec }: Container, rootfs: string, user: string = spec.process.user): Promise<ResolvedUser> {
  using root = ContainerRoot.open(rootfs);
  return await resolveUser(user, spec.host.groupAdd, (path) => readInRoot(root, path));
}

function consoleSize({ spec }: Container): { rows: number; columns: number } | undefined {
  const [rows, columns] = spec.host.consoleSize;
  return spec.process.tty && rows > 0 && columns > 0 ? { rows, columns } : undefined;
}
