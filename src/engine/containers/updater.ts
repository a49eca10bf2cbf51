import { EngineError, messageOf } from '#base/errors.ts';
import type { KeyedLock } from '#base/keyed-lock.ts';
import type { Events } from '#engine/events/events.ts';
import type { CheckedLimits } from '#parts/runtime/limits-check.ts';
import type { ResourceLimits } from '#parts/runtime/settings.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { mergedLimits } from './merged-limits.ts';
import type { ContainerRecords } from './records.ts';
import type { RestartPolicy } from './spec.ts';
import { isLive } from './state.ts';

export interface UpdateRequest {
  /** 0, an empty text and null leave what is there; `pidsLimit` 0 or less takes the limit away. */
  readonly limits: ResourceLimits;
  /** undefined leaves it as it is. */
  readonly restartPolicy: RestartPolicy | undefined;
}

interface Parts {
  readonly records: ContainerRecords;
  readonly locks: KeyedLock;
  readonly events: Events;
  /** @throws {EngineError} `invalid` */
  readonly checkLimits: (limits: ResourceLimits) => CheckedLimits;
  /** Gives the cgroup of a running container its new limits: all of them or none. */
  readonly applyLimits: (container: Container, asked: ResourceLimits, merged: ResourceLimits) => void;
}

/** Changes what a container may use, and when it is started again, while it runs or not. */
export class ContainerUpdater {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} in Docker's words; `conflict` with what stands already */
  async update(ref: string, request: UpdateRequest): Promise<{ readonly warnings: readonly string[] }> {
    const { records, locks, events } = this.#parts;
    const { limits: asked, warnings } = this.#checked(request.limits);
    const { id } = records.get(ref);
    using _turn = await locks.hold(id);
    const container = records.get(id);
    try {
      publishContainer(events, this.#change(container, asked, request.restartPolicy), 'update');
    } catch (thrown) {
      const kind = thrown instanceof EngineError ? thrown.kind : 'internal';
      throw new EngineError(kind, `Cannot update container ${id}: ${messageOf(thrown)}`, { cause: thrown });
    }
    return { warnings };
  }

  #checked(given: ResourceLimits): CheckedLimits {
    if (given.cpuShares < 0) throw new EngineError('invalid', `invalid CPU shares (${given.cpuShares}): value must be a positive integer`);
    const { limits, warnings } = this.#parts.checkLimits(given);
    // the check knows "no limit" as null, which here is "as it is"
    const unlimited = given.pidsLimit !== null && given.pidsLimit <= 0;
    return { limits: unlimited ? { ...limits, pidsLimit: 0 } : limits, warnings };
  }

  #change(container: Container, asked: ResourceLimits, restartPolicy: RestartPolicy | undefined): Container {
    const { id, spec, state } = container;
    if (state.status === 'removing' || state.status === 'dead') {
      throw new EngineError('conflict', 'container is marked for removal and cannot be "update"');
    }
    const limits = mergedLimits(spec.limits, asked);
    if (restartPolicy && restartPolicy.name !== 'no' && spec.host.autoRemove) {
      throw new EngineError('conflict', 'Restart policy cannot be updated because AutoRemove is enabled for the container');
    }
    if (isLive(state)) this.#parts.applyLimits(container, asked, limits);
    return this.#parts.records.updateSpec(id, { ...spec, limits, host: { ...spec.host, restartPolicy: restartPolicy ?? spec.host.restartPolicy } });
  }
}
