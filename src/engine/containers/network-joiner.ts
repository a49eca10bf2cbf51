import { EngineError } from '#base/errors.ts';
import type { NetworkDriver, Sandbox } from '#parts/network/network-driver.ts';
import { containerOfMode } from '#parts/runtime/namespaces.ts';
import type { Container } from './container.ts';
import type { ContainerRecords } from './records.ts';
import type { JoinedNetwork } from './starter.ts';
import { isLive } from './state.ts';

type Mode = 'bridge' | 'host' | 'none';

interface Parts {
  readonly driver: NetworkDriver;
  readonly records: ContainerRecords;
  /** Ids of the three networks that are always there. */
  readonly networkIdOf: (mode: Mode) => string;
}

/** Brings containers into their networks, and takes their places over after a restart of the engine. */
export class NetworkJoiner {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} with Docker's words where a network, a port or an address cannot be had */
  async join(container: Container, cancel: AbortSignal): Promise<JoinedNetwork> {
    const { spec, name } = container;
    const shared = containerOfMode(spec.network.mode);
    if (shared !== undefined) return this.#shared(shared);
    const mode = modeOf(spec.network.mode, spec.process.networkDisabled);
    const endpoint = Object.values(spec.network.endpoints)[0];
    const sandbox = await this.#parts.driver.join(
      {
        mode,
        containerName: name,
        networkId: this.#parts.networkIdOf(mode),
        macAddress: endpoint?.macAddress ?? '',
        ipv4: endpoint?.ipv4 ?? '',
        ports: spec.network.portBindings,
        exposedPorts: spec.process.exposedPorts,
        publishAll: spec.network.publishAllPorts,
      },
      cancel,
    );
    return joined(mode, sandbox);
  }

  /** A running container's place, as its record tells. */
  rejoin(container: Container): JoinedNetwork {
    const { spec, name, runtime } = container;
    const shared = containerOfMode(spec.network.mode);
    const mode = modeOf(spec.network.mode, spec.process.networkDisabled);
    const endpoint = runtime.endpoints[mode];
    if (shared !== undefined || !endpoint) return { ...NOTHING, path: runtime.sandboxPath, sandboxId: runtime.sandboxId };
    const sandbox = this.#parts.driver.restore({ mode, containerName: name, sandboxId: runtime.sandboxId, endpoint, ports: runtime.ports });
    if (!sandbox) throw new EngineError('internal', `the network namespace of container ${container.id} is gone`);
    return joined(mode, sandbox);
  }

  /** The namespace of another container: nothing of its own. */
  #shared(ref: string): JoinedNetwork {
    const found = this.#parts.records.find(ref);
    if (!found) throw new EngineError('not-found', `joining network namespace of container: No such container: ${ref}`);
    const { state, name } = found;
    if (!isLive(state)) throw new EngineError('conflict', `cannot join network namespace of a non running container: container ${name} is ${state.status}`);
    return { ...NOTHING, path: `/proc/${state.pid}/ns/net` };
  }
}

const NOTHING: JoinedNetwork = {
  path: null, sandboxId: '', endpoints: {}, ports: {}, descriptors: [],
  releaseDescriptors: () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** @throws {EngineError} `not-found`: `network X not found` */
function modeOf(mode: string, disabled: boolean): Mode {
  if (disabled) return 'none';
  switch (mode) {
    case '':
    case 'default':
    case 'bridge':
      return 'bridge';
    case 'host':
    case 'none':
      return mode;
    default:
      if (mode.startsWith('container:')) return 'none';
      throw new EngineError('not-found', `failed to set up container networking: network ${mode} not found`);
  }
}

function joined(mode: Mode, sandbox: Sandbox): JoinedNetwork {
  return {
    path: sandbox.netNamespace ?? null,
    sandboxId: sandbox.id,
    endpoints: { [mode]: sandbox.endpoint },
    ports: sandbox.ports,
    descriptors: sandbox.descriptors,
    releaseDescriptors: () => sandbox.closeDescriptors(),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
