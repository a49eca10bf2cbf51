import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isKind } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import { RegistryError } from '#parts/registry/registry-error.ts';
import type { Repository } from '#parts/registry/repository.ts';
import { isFullDisk, verificationFailed } from './pull-errors.ts';

/** Told while a blob comes; `retry` before each wait, once a second. */
export interface BlobWatcher {
  bytes(current: number, total: number): void;
  verifying(): void;
  retry(seconds: number): void;
}

export interface BlobSource {
  readonly repository: Repository;
  readonly content: ContentStore;
  readonly log: Log;
  /** Seconds before the second, third, … attempt; their number limits the attempts. */
  readonly pauses: readonly number[];
}

const FIRST_PAUSE = 1;
const LONGER_BY = 5;

/** One pause less than attempts: 1 s, 5 s, 10 s, … */
export function pausesFor(attempts: number): readonly number[] {
  return Array.from({ length: Math.max(0, attempts - 1) }, (_, index) => Math.max(FIRST_PAUSE, index * LONGER_BY));
}

/** A registry that asks for more patience than this is not waited for. */
const MAX_RETRY_AFTER_MS = 60_000;

// What another attempt would only be told again (moby distribution/errors.go, retryOnError).
const FINAL_CODES = new Set(['UNAUTHORIZED', 'UNSUPPORTED', 'DENIED', 'NAME_UNKNOWN', 'BLOB_UNKNOWN']);

/**
 * Brings a blob into the store: continues what an earlier attempt left, tries again after a cut, verifies size and digest.
 *
 * @throws what the last attempt threw; the reason of `cancel`
 */
export async function fetchBlob(source: BlobSource, descriptor: Descriptor, watcher: BlobWatcher, cancel: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fetchOnce(source, descriptor, watcher, cancel);
      return;
    } catch (thrown) {
      cancel.throwIfAborted();
      const pause = pauseBefore(attempt + 1, source.pauses, thrown);
      if (pause === undefined) throw thrown;
      source.log.info('Download failed, retrying', { digest: descriptor.digest, attempt: attempt + 1, error: String(thrown) });
      for (let seconds = pause; seconds > 0; seconds -= 1) {
        watcher.retry(Math.ceil(seconds));
        await sleep(Math.min(1, seconds) * 1000, undefined, { signal: cancel });
      }
    }
  }
}

/** Thrown when a resumed download does not fit together: the next attempt begins anew. */
class ResumeFailed extends EngineError {}

async function fetchOnce(source: BlobSource, descriptor: Descriptor, watcher: BlobWatcher, cancel: AbortSignal): Promise<void> {
  const { digest, sizeBytes } = descriptor;
  await using writer = await source.content.writer({ expected: digest, sizeBytes });
  const resumedAt = writer.offsetBytes;
  try {
    if (resumedAt < sizeBytes || sizeBytes === 0) {
      const { body, offset } = await source.repository.openBlob(digest, resumedAt, cancel);
      if (offset !== resumedAt) await writer.restart();
      for await (const chunk of networkChunks(body, cancel)) {
        await writer.write(chunk);
        watcher.bytes(writer.offsetBytes, sizeBytes);
      }
    }
    watcher.verifying();
    if (writer.offsetBytes < sizeBytes) throw new EngineError('internal', 'unexpected EOF');
    await writer.commit();
  } catch (thrown) {
    // `invalid` is the writer's: too many bytes, or not the announced ones.
    if (!isKind(thrown, 'invalid')) throw thrown;
    const failure = verificationFailed(digest, thrown);
    throw resumedAt > 0 ? new ResumeFailed(failure.kind, failure.message, { cause: thrown }) : failure;
  }
}

async function* networkChunks(body: AsyncIterable<Buffer>, cancel: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (thrown) {
    cancel.throwIfAborted();
    throw new ConnectionCut('internal', 'unexpected EOF', { cause: thrown });
  }
}

class ConnectionCut extends EngineError {}

function pauseBefore(attempt: number, pauses: readonly number[], thrown: unknown): number | undefined {
  const pause = pauses[attempt - 1];
  if (pause === undefined || isFinal(thrown)) return undefined;
  const askedMs = thrown instanceof RegistryError ? (thrown.retryAfterMs ?? 0) : 0;
  return Math.max(pause, askedMs / 1000);
}

function isFinal(thrown: unknown): boolean {
  // A bug, or nothing that another attempt would mend.
  if (!(thrown instanceof EngineError) || isFullDisk(thrown)) return true;
  if (thrown instanceof RegistryError) {
    if (thrown.status === 429) return thrown.retryAfterMs === undefined || thrown.retryAfterMs > MAX_RETRY_AFTER_MS;
    return FINAL_CODES.has(thrown.errorCode) || (thrown.status >= 400 && thrown.status < 500);
  }
  if (thrown instanceof ResumeFailed || thrown instanceof ConnectionCut) return false;
  return thrown.kind !== 'internal';
}
