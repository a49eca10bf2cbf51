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
