import { join } from 'node:path';
import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { ShippingSubject } from '#parts/log-shipping/log-shipper.ts';
import { isShipped, openShipper, verifyLogging } from '#parts/log-shipping/log-drivers.ts';
import { LogShipment } from '#parts/log-shipping/log-shipment.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { ContainerRecords } from './records.ts';
import { isLive } from './state.ts';

/** So long a removal waits for the rest of a log to be taken. */
const DRAIN_MS = 5_000;

interface Parts {
  readonly records: ContainerRecords;
  readonly events: Events;
  readonly log: Log;
  /** The host's name, which receivers are told. */
  readonly hostname: string;
  /** `containers/` below the data root. */
  readonly folder: string;
}

/** Carries the logs of containers away whose driver says so: from their start until all is delivered after their end. */
export class ContainerShipping {
  readonly #parts: Parts;
  readonly #shipments = new Map<string, LogShipment>();
  #watching: Disposable | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Checks before a start what the driver can be asked for then. @throws {EngineError} in dockerd's words */
  async verify(container: Container): Promise<void> {
    const { logDriver, logOptions } = container.spec.host;
    if (isShipped(logDriver)) await verifyLogging(logDriver, logOptions, this.#subjectOf(container));
  }

  /** Call once, before the records are brought up to date: goes on with what an engine before left, and follows what happens from now on. */
  begin(): void {
    const { records } = this.#parts;
    this.#watching = records.watch((_id, now) => {
      if (now) this.#follow(now);
    });
    for (const container of records.list()) {
      if (container.state.status === 'created' || !isShipped(container.spec.host.logDriver)) continue;
      const shipment = this.#open(container);
      // of an ended one only what an engine before left undelivered matters
      if (!isLive(container.state)) shipment?.end();
    }
  }

  /** Before the log's folder goes. */
  async drain(id: string): Promise<void> {
    const shipment = this.#shipments.get(id);
    this.#shipments.delete(id);
    await shipment?.drain(DRAIN_MS);
  }

  /** The engine stops; another goes on from the cursors. */
  async stop(): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    await Promise.all([...this.#shipments.values()].map((shipment) => shipment[Symbol.asyncDispose]()));
    this.#shipments.clear();
  }

  #follow(container: Container): void {
    const { id, spec, state } = container;
    if (!isShipped(spec.host.logDriver)) return;
    const known = this.#shipments.get(id);
    if (!isLive(state)) known?.end();
    else if (!known?.resume()) this.#open(container);
  }

  #open(container: Container): LogShipment | undefined {
    const { folder, log } = this.#parts;
    const { id, spec } = container;
    try {
      const shipper = openShipper(spec.host.logDriver, spec.host.logOptions, this.#subjectOf(container));
      if (!shipper) return undefined;
      const shipment = new LogShipment({
        path: join(folder, id, `${id}-json.log`),
        cursorPath: join(folder, id, 'log-cursor.json'),
        shipper, log,
        onLost: (lines, since) => this.#lost(container, lines, since),
      });
      this.#shipments.set(id, shipment);
      void shipment.done.then(() => {
        if (this.#shipments.get(id) === shipment) this.#shipments.delete(id);
      });
      return shipment;
    } catch (thrown) {
      log.error('the log of a container cannot be carried away', { id, error: thrown });
      return undefined;
    }
  }

  #lost(container: Container, lines: number | undefined, since: string): void {
    const { events, log } = this.#parts;
    const driver = container.spec.host.logDriver;
    const facts = { driver, lines: lines === undefined ? 'unknown' : String(lines), since };
    log.warn('log lines were rotated away before they could be delivered', { id: container.id, ...facts });
    publishContainer(events, container, 'log-loss', facts);
  }

  #subjectOf({ id, name, imageId, createdAt, runtime, spec }: Container): ShippingSubject {
    return {
      id, name, imageId, createdAt,
      imageName: spec.image,
      labels: spec.process.labels,
      env: spec.process.env,
      command: [runtime.path, ...runtime.args].join(' '),
      hostname: this.#parts.hostname,
    };
  }
}
