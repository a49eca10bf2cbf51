import type { EngineEvent } from '#engine/events/events.ts';
import type { EventMessage } from '#protocol/events.ts';
import { sortedMap } from './empty.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** An event; `legacy` for clients before API 1.52, which look for `status`, `id` and `from`. */
export function eventMessage(event: EngineEvent, legacy: boolean): EventMessage {
  return {
    ...(legacy && legacyFields(event)),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.actorId, Attributes: sortedMap(event.attributes) },
    scope: 'local',
    time: Number(event.timeNs / NS_PER_SECOND),
    timeNano: event.timeNs,
  };
}

function legacyFields({ type, action, actorId, attributes }: EngineEvent): Pick<EventMessage, 'status' | 'id' | 'from'> {
  if (type === 'image') return { status: action, id: actorId };
  if (type !== 'container') return {};
  const from = attributes['image'];
  return { status: action, id: actorId, ...(from !== undefined && from !== '' && { from }) };
}
