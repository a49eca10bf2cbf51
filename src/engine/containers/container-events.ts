import type { Events } from '#engine/events/events.ts';
import type { Container } from './container.ts';

/** Publishes what happened to a container with the attributes that Docker gives: labels, image, name, and `more`. */
export function publishContainer(events: Events, container: Container, action: string, more: Readonly<Record<string, string>> = {}): void {
  const { id, name, spec } = container;
  events.publish({
    type: 'container',
    action,
    actorId: id,
    attributes: { ...spec.process.labels, image: spec.image, name, ...more },
  });
}

/** A container came into a network or went out of it. */
export function publishNetwork(
  events: Events,
  action: 'connect' | 'disconnect',
  { containerId, networkId, name }: { readonly containerId: string; readonly networkId: string; readonly name: string },
): void {
  const type = name === 'none' ? 'null' : name === 'host' ? 'host' : 'bridge';
  events.publish({ type: 'network', action, actorId: networkId, attributes: { container: containerId, name, type } });
}

/** The container's volumes came into use or went out of it. */
export function publishVolumes(events: Events, { id, runtime }: Container, action: 'mount' | 'unmount'): void {
  for (const { type, name, driver, destination, propagation, writable } of runtime.mounts) {
    if (type !== 'volume') continue;
    const where = action === 'mount' ? { destination, propagation, 'read/write': String(writable) } : {};
    events.publish({ type: 'volume', action, actorId: name, attributes: { container: id, driver, ...where } });
  }
}
