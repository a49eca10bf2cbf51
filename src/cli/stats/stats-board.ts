import type { EngineClient } from '#client/engine-client.ts';
import { errorText } from '../command.ts';
import type { StatsEntry } from '../format/stats.ts';
import type { StatsSample } from '../format/stats-sample.ts';

interface Watched {
  readonly stop: AbortController;
  /** Resolves when there is something to show or to tell. */
  readonly first: PromiseWithResolvers<void>;
  sample: StatsSample | undefined;
  /** What went wrong, in the engine's words. */
  failure: string | undefined;
}

/** The containers that are watched, in the order in which they came, each with what it used last. */
export class StatsBoard implements Disposable {
  readonly #engine: EngineClient;
  readonly #watched = new Map<string, Watched>();

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Follows a container; one that is removed leaves the board. */
  watch(container: string): void {
    this.#add(container, async (watched) => {
      for await (const sample of this.#engine.containers.watchStats(container, watched.stop.signal)) {
        watched.sample = sample;
        watched.first.resolve();
      }
      this.drop(container);
    });
  }

  /** Asks once. */
  ask(container: string): void {
    this.#add(container, async (watched) => {
      watched.sample = await this.#engine.containers.stats(container, watched.stop.signal);
    });
  }

  drop(container: string): void {
    this.#watched.get(container)?.stop.abort();
    this.#watched.delete(container);
  }

  /** Resolves when each one has told something. */
  async settled(): Promise<void> {
    await Promise.all([...this.#watched.values()].map(({ first }) => first.promise));
  }

  failures(): readonly string[] {
    return [...this.#watched.values()].flatMap(({ failure }) => failure ?? []);
  }

  entries(): readonly StatsEntry[] {
    return [...this.#watched].map(([container, { sample }]) => ({ container, sample }));
  }

  [Symbol.dispose](): void {
    for (const { stop } of this.#watched.values()) stop.abort();
  }

  #add(container: string, read: (watched: Watched) => Promise<void>): void {
    if (this.#watched.has(container)) return;
    const watched: Watched = { stop: new AbortController(), first: Promise.withResolvers<void>(), sample: undefined, failure: undefined };
    this.#watched.set(container, watched);
    void read(watched)
      .catch((thrown: unknown) => {
        if (!watched.stop.signal.aborted) watched.failure = errorText(thrown);
      })
      .finally(() => watched.first.resolve());
  }
}
