import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { Image, Images } from '#engine/images/images.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import { ContainerRoot } from '#parts/host/container-root.ts';
import { parseSignal, requireSupportedSignal } from '#parts/host/signals.ts';
import { formatPlatform, parsePlatform } from '#parts/oci/platform.ts';
import type { ResourceLimits } from '#parts/runtime/settings.ts';
import type { Container, Endpoint, MountPoint, RuntimeFacts } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { CreateRequest } from './containers.ts';
import { invalidName } from './errors.ts';
import { withImageDefaults } from './image-defaults.ts';
import { type PlannedMount, planMounts } from './mount-plan.ts';
import { CONTAINER_NAME, randomName } from './names.ts';
import { NewContainerVolumes } from './new-container-volumes.ts';
import type { ContainerRecords } from './records.ts';
import type { ContainerSpec } from './spec.ts';

/** A container's own file system: the image's layers below, a writable one above. */
export interface RootFilesystems {
  /** Makes the writable layer above the image's snapshot; an empty chain id is an empty root. */
  prepare(containerId: string, chainId: string): Promise<void>;
  /** Mounts it and answers the path of the root. */
  mount(containerId: string): Promise<string>;
  unmount(containerId: string): Promise<void>;
  remove(containerId: string): Promise<void>;
}

/** What the engine is told to do where a container does not say. */
export interface ContainerDefaults {
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  readonly runtime: string;
  /** `amd64`, `arm64`. */
  readonly architecture: string;
  readonly hostname: string;
  /** `private` on cgroup v2, `host` on v1. */
  readonly cgroupnsMode: 'private' | 'host';
  /** `containers/` below the data root. */
  readonly folder: string;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly images: Pick<Images, 'get'>;
  readonly volumes: Volumes;
  readonly roots: RootFilesystems;
  readonly events: Events;
  readonly log: Log;
  readonly defaults: ContainerDefaults;
  /** Docker's checks of limits at create; answers warnings, and the limits with what the kernel cannot do taken out. */
  readonly checkLimits: (limits: ResourceLimits) => { limits: ResourceLimits; warnings: readonly string[] };
  /** Throws for log options that the driver does not have. */
  readonly checkLogging: (driver: string, options: Readonly<Record<string, string>>) => void;
  /** Throws for options that no runtime specification could be made of. */
  readonly checkSpec: (spec: ContainerSpec) => void;
  readonly isEmptyVolume: (name: string) => Promise<boolean>;
  readonly copyUp: (rootfs: string, mount: MountPoint) => Promise<void>;
  /** Throws where the runtime is not configured. */
  readonly checkRuntime: (name: string) => void;
  /** Called as early as a start can be foreseen: what makes the kernel wait is begun then. */
  readonly expectStart: () => void;
}

/** Makes containers: checks all that can be checked now, then writable layer, volumes and record, with an undo stack. */
export class ContainerCreator {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async create(request: CreateRequest, cancel: AbortSignal): Promise<{ id: string; warnings: readonly string[] }> {
    const { records, roots, defaults, expectStart, events, log } = this.#parts;
    expectStart();
    const name = this.#name(request.name);
    const image = this.#image(request);
    const warnings = platformWarnings(request, image, defaults.architecture);
    const id = newId();
    this.#refuseLinks(request.spec);
    const checked = this.#checked(this.#complete(id, request.spec, image));
    warnings.push(...checked.warnings);
    cancel.throwIfAborted();

    await using undo = new AsyncDisposableStack();
    const folder = join(defaults.folder, id);
    await mkdir(folder, { recursive: true, mode: 0o710 });
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await roots.prepare(id, image?.chainId ?? '');
    undo.defer(() => roots.remove(id));
    await using volumes = new NewContainerVolumes({ volumes: this.#parts.volumes, containerId: id, folder, log });
    const mounts = await planMounts(checked.spec, { volumes, records });
    await this.#lookInside(id, mounts, request.spec.process.workingDir);
    cancel.throwIfAborted();

    const container = newContainer({ id, name: name ?? this.#freeName(), image, spec: checked.spec, mounts });
    records.insert(container);
    undo.move();
    await volumes.settle();
    publishContainer(events, container, 'create');
    return { id, warnings };
  }

  #name(asked: string | undefined): string | undefined {
    if (asked === undefined || asked === '') return undefined;
    const name = asked.startsWith('/') ? asked.slice(1) : asked;
    if (!CONTAINER_NAME.test(name)) throw invalidName(name);
    // the insert checks again; here it spares the work
    this.#parts.records.assertFree(name);
    return name;
  }

  #freeName(): string {
    for (let attempt = 0; ; attempt++) {
      const name = randomName(attempt);
      if (this.#parts.records.isNameFree(name)) return name;
    }
  }

  #image({ spec, platform }: CreateRequest): Image | undefined {
    if (spec.image === '') return undefined;
    const image = this.#parts.images.get(spec.image);
    if (platform === '') return image;
    const wanted = parsePlatform(platform);
    if (wanted.os === image.os && wanted.architecture === image.architecture) return image;
    const found = `${image.os}/${image.architecture}`;
    throw new EngineError(
      'not-found',
      `image with reference ${spec.image} was found but its platform (${found}) does not match the specified platform (${formatPlatform(wanted)})`,
    );
  }

  #complete(id: string, spec: ContainerSpec, image: Image | undefined): ContainerSpec {
    const { defaults } = this.#parts;
    const merged = withImageDefaults(spec.process, image?.config);
    const sharer = this.#networkOf(spec.network.mode);
    const fallback = spec.network.mode === 'host' ? defaults.hostname : id.slice(0, 12);
    const logDriver = spec.host.logDriver || defaults.logDriver;
    const inheritsOptions = spec.host.logDriver === '' || spec.host.logDriver === defaults.logDriver;
    return {
      ...spec,
      process: { ...merged, hostname: merged.hostname || (sharer ? sharer.spec.process.hostname : fallback) },
      // kept by id: the other container may be renamed
      network: sharer ? { ...spec.network, mode: `container:${sharer.id}` } : spec.network,
      host: {
        ...spec.host,
        logDriver,
        logOptions: inheritsOptions ? { ...defaults.logOptions, ...spec.host.logOptions } : spec.host.logOptions,
        runtime: spec.host.runtime || defaults.runtime,
        cgroupnsMode: spec.host.cgroupnsMode || (spec.security.privileged ? 'host' : defaults.cgroupnsMode),
      },
    };
  }

  /** The container whose network is to be used; one that is missing comes to light at the start, as with Docker. */
  #networkOf(mode: string): Container | undefined {
    return mode.startsWith('container:') ? this.#parts.records.find(mode.slice('container:'.length)) : undefined;
  }

  #checked(spec: ContainerSpec): { spec: ContainerSpec; warnings: readonly string[] } {
    const { checkLimits, checkLogging, checkRuntime, checkSpec } = this.#parts;
    const { limits, warnings } = checkLimits(spec.limits);
    checkLogging(spec.host.logDriver, spec.host.logOptions);
    checkRuntime(spec.host.runtime);
    checkSpec(spec);
    this.#assertShared(spec.host.ipcMode);
    this.#assertShared(spec.host.pidMode);
    if (spec.process.stopSignal !== null) requireSupportedSignal(parseSignal(spec.process.stopSignal));
    return { spec: { ...spec, limits }, warnings };
  }

  /** Whose IPC or process namespace is to be used must be there at create already. */
  #assertShared(mode: string): void {
    const ref = /^container:(.+)$/.exec(mode)?.[1];
    if (ref !== undefined && !this.#parts.records.find(ref)) throw new EngineError('invalid', `No such container: ${ref}`);
  }

  #refuseLinks({ network }: ContainerSpec): void {
    const all = [...network.links, ...Object.values(network.endpoints).flatMap(({ links }) => links)];
    for (const link of all) {
      const name = link.split(':', 1)[0] ?? '';
      if (!this.#parts.records.find(name)) throw new EngineError('invalid', `could not get container for ${name}: No such container: ${name}`);
      throw new EngineError('not-implemented', `links between containers are not there yet (${link}): reach ${name} by its address`);
    }
  }

  /** An empty volume begins with what the image has at its place; the working directory that was asked for must be none else. */
  async #lookInside(id: string, mounts: readonly PlannedMount[], workingDir: string): Promise<void> {
    const { roots, copyUp, isEmptyVolume } = this.#parts;
    const wanted = mounts.filter(({ type, copyUp: wants }) => type === 'volume' && wants);
    const empty: PlannedMount[] = [];
    for (const mount of wanted) if (await isEmptyVolume(mount.name)) empty.push(mount);
    if (empty.length === 0 && workingDir === '') return;
    const rootfs = await roots.mount(id);
    try {
      if (workingDir !== '') assertNoFile(rootfs, workingDir);
      for (const mount of empty) await copyUp(rootfs, mount);
    } finally {
      await roots.unmount(id);
    }
  }
}

/** @throws {EngineError} `internal`, as dockerd has it: `Cannot mkdir: PATH is not a directory` */
function assertNoFile(rootfs: string, path: string): void {
  using root = ContainerRoot.open(rootfs);
  try {
    using _folder = root.openDirectory(path);
  } catch (cause) {
    // one that is not there is made at the start
    if (codeOf(cause) === 'ENOTDIR') throw new EngineError('internal', `Cannot mkdir: ${path} is not a directory`, { cause });
  }
}

function platformWarnings({ platform }: CreateRequest, image: Image | undefined, architecture: string): string[] {
  if (!image || platform !== '' || image.architecture === architecture || image.architecture === '') return [];
  return [
    `The requested image's platform (${image.os}/${image.architecture}) does not match the detected host platform (linux/${architecture}) and no specific platform was requested`,
  ];
}

function newContainer(parts: { id: string; name: string; image: Image | undefined; spec: ContainerSpec; mounts: readonly PlannedMount[] }): Container {
  const { id, name, image, spec, mounts } = parts;
  const [path = '', ...args] = [...(spec.process.entrypoint ?? []), ...(spec.process.cmd ?? [])];
  const runtime: RuntimeFacts = {
    path,
    args,
    platform: image?.os || 'linux',
    restartCount: 0,
    stoppedByUser: false,
    mounts: mounts.map(mountPointOf),
    endpoints: Object.fromEntries(networkNames(spec).map((network) => [network, { ...NO_ENDPOINT, aliases: spec.network.endpoints[network]?.aliases ?? [] }])),
    ports: {},
    sandboxId: '',
    sandboxPath: '',
  };
  return { id, name, imageId: image?.id ?? '', createdAt: new Date(), spec, state: { status: 'created', exit: null }, runtime };
}

/** An endpoint of a container that does not run. */
const NO_ENDPOINT: Endpoint = {
  networkId: '', endpointId: '', gateway: '', ipv4: '', ipv4PrefixLength: 0, gateway6: '', ipv6: '', ipv6PrefixLength: 0,
  macAddress: '', aliases: [], dnsNames: [],
};

/** The networks that `inspect` lists before the first start. */
function networkNames({ network, process }: ContainerSpec): readonly string[] {
  if (network.mode.startsWith('container:')) return [];
  if (process.networkDisabled) return ['none'];
  return [network.mode === '' || network.mode === 'default' ? 'bridge' : network.mode];
}

function mountPointOf({ type, name, source, destination, driver, mode, writable, propagation }: PlannedMount): MountPoint {
  return { type, name, source, destination, driver, mode, writable, propagation };
}
