import type { EngineClient } from '#client/engine-client.ts';
import type { StatsBoard } from './stats-board.ts';

/** Keeps a board of all containers up to date with what comes and goes. Ends when the engine does. */
export async function followContainers(engine: EngineClient, board: StatsBoard, all: boolean): Promise<void> {
  const events = engine.system.events({ filters: { type: ['container'], event: ['create', 'start', 'die', 'destroy'] } });
  for await (const { Action: action, Actor: actor } of events) {
    if (action === 'start' || (action === 'create' && all)) board.watch(actor.ID);
    else if (action === 'destroy' || (action === 'die' && !all)) board.drop(actor.ID);
  }
}
