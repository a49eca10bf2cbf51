import { type Filters, assertKnownFilters, hasLabels } from '#engine/filters.ts';
import type { EngineEvent } from './events.ts';

const BY_TYPE: ReadonlySet<string> = new Set(['container', 'image', 'network', 'volume', 'daemon', 'plugin', 'builder']);
const KNOWN: ReadonlySet<string> = new Set([...BY_TYPE, 'config', 'event', 'id', 'label', 'node', 'scope', 'secret', 'service', 'type']);

/** @throws {EngineError} `invalid` for a filter that Docker does not have */
export function checkEventFilters(filters: Filters): void {
  assertKnownFilters(filters, KNOWN);
}

/** Values of one filter are alternatives, different filters must all fit; labels must all fit. */
export function matchesEvent(event: EngineEvent, filters: Filters): boolean {
  for (const [name, values] of filters) {
    if (values.length === 0) continue;
    const fits = name === 'label' ? hasLabels(event.attributes, values) : values.some((value) => fitsOne(event, name, value));
    if (!fits) return false;
  }
  return true;
}

function fitsOne(event: EngineEvent, name: string, value: string): boolean {
  switch (name) {
    case 'event':
      // `exec_create` finds `exec_create: sh -c true`, and `health_status` any verdict
      return event.action === value || event.action.split(':', 1)[0] === value;
    case 'type':
      return event.type === value;
    case 'id':
      return event.actorId.startsWith(value);
    case 'scope':
      return value === 'local';
    case 'image':
      return (event.type === 'image' ? imageNames(event) : [event.attributes['image'] ?? '']).some((image) => sameImage(image, value));
    default:
      return BY_TYPE.has(name) && event.type === name && (event.actorId.startsWith(value) || event.attributes['name'] === value);
  }
}

function imageNames(event: EngineEvent): string[] {
  return [event.actorId, event.attributes['name'] ?? ''];
}

function sameImage(image: string, wanted: string): boolean {
  return image === wanted || image.replace(/:[^:/]+$/, '') === wanted;
}
