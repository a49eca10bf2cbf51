import { untilAborted } from '#base/keyed-lock.ts';
import type { Log } from '#base/log.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import type { Repository } from '#parts/registry/repository.ts';
import { fetchBlob, type BlobWatcher } from './pull-blob.ts';
import { Slots } from './pull-slots.ts';

interface Parts {
  readonly content: ContentStore;
  readonly log: Log;
  /** Blobs on their way at once, over all pulls (`max-concurrent-downloads`). */
  readonly maxDownloads: number;
  /** Seconds before the second, third, … attempt at one blob. */
  readonly pauses: readonly number[];
}

interface Flight {
  readonly done: Promise<void>;
  readonly watchers: Set<BlobWatcher>;
  readonly stop: AbortController;
}

/** Brings blobs into the store, each at most once at a time: pulls that want the same one share its download. */
export class BlobFetcher {
  readonly #parts: Parts;
  readonly #slots: Slots;
  readonly #flights = new Map<string, Flight>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.maxDownloads);
  }

  /** True where the next blob would wait for its turn. */
  get isBusy(): boolean {
    return this.#slots.areTaken;
  }

  /**
   * Resolves when the blob is in the store. The download goes on while anyone waits for it.
   *
   * @throws what the download throws; the reason of `cancel`
   */
  async fetch(repository: Repository, descriptor: Descriptor, watcher: BlobWatcher, cancel: AbortSignal): Promise<void> {
    cancel.throwIfAborted();
    const shared = this.#flights.get(descriptor.digest);
    if (shared) {
      try {
        return await this.#ride(shared, watcher, cancel);
      } catch {
        cancel.throwIfAborted();
        // The other pull may have had another mirror, or a user who may not: this one tries for itself.
      }
    }
    if (this.#parts.content.has(descriptor.digest)) return;
    await this.#ride(this.#flights.get(descriptor.digest) ?? this.#start(repository, descriptor), watcher, cancel);
  }

  async #ride(flight: Flight, watcher: BlobWatcher, cancel: AbortSignal): Promise<void> {
    flight.watchers.add(watcher);
    try {
      await untilAborted(flight.done, cancel);
    } finally {
      flight.watchers.delete(watcher);
      if (flight.watchers.size === 0) flight.stop.abort(new Error('nobody waits for this blob any more'));
    }
  }

  #start(repository: Repository, descriptor: Descriptor): Flight {
    const watchers = new Set<BlobWatcher>();
    const stop = new AbortController();
    const all: BlobWatcher = {
      bytes: (current, total) => watchers.forEach((each) => each.bytes(current, total)),
      verifying: () => watchers.forEach((each) => each.verifying()),
      retry: (seconds) => watchers.forEach((each) => each.retry(seconds)),
    };
    const done = this.#download(repository, descriptor, all, stop.signal).finally(() => this.#flights.delete(descriptor.digest));
    // Whoever rides along meets the failure.
    done.catch(() => undefined);
    const flight = { done, watchers, stop };
    this.#flights.set(descriptor.digest, flight);
    return flight;
  }

  async #download(repository: Repository, descriptor: Descriptor, watcher: BlobWatcher, cancel: AbortSignal): Promise<void> {
    using _slot = await this.#slots.take(cancel);
    const { content, log, pauses } = this.#parts;
    await fetchBlob({ repository, content, log, pauses }, descriptor, watcher, cancel);
  }
}
