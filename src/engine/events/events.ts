import type { Filters } from '#engine/filters.ts';

export type EventType = 'container' | 'image' | 'network' | 'volume' | 'daemon' | 'plugin' | 'builder';

/** Something that happened. Kept in the database under a number that only grows. */
export interface EngineEvent {
  readonly sequence: number;
  readonly timeNs: bigint;
  readonly type: EventType;
  /** `start`, `die`, `exec_create: sh -c true`, … */
  readonly action: string;
  readonly actorId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Events {
  publish(event: { type: EventType; action: string; actorId: string; attributes: Readonly<Record<string, string>> }): void;
  /**
   * What happened since `sinceNs`, then what happens, until `untilNs` or `cancel`. Without `sinceNs`: from now on.
   * The subscription stands when this returns.
   *
   * @throws {EngineError} `invalid` for a filter it does not know
   */
  watch(query: { sinceNs: bigint | undefined; untilNs: bigint | undefined; filters: Filters }, cancel: AbortSignal): AsyncIterable<EngineEvent>;
}
