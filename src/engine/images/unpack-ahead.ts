import type { Log } from '#base/log.ts';
import { isDigest, type Digest } from '#parts/oci/digest.ts';
import type { BlobFile, Snapshotter, StagedLayer } from '#parts/snapshots/snapshotter.ts';
import type { LayerBlobs } from './layer-blobs.ts';

interface Parts {
  readonly snapshots: Snapshotter;
  readonly blobs: LayerBlobs;
  readonly log: Log;
}

/**
 * Unpacks the layers of an archive while the rest of it still comes, before the archive's own list (which is at its end)
 * says what they are. Their digests are found on the way, on the thread that unpacks. What nobody has taken in the end
 * goes.
 */
export class UnpackAhead implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #staged = new Map<Digest, StagedLayer>();
  readonly #staging = new Set<Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.snapshots.warm();
  }

  /**
   * A guess from a file's first bytes, and from the digest by which the archive may call it: is it a layer that is not
   * here yet?
   */
  wants(firstBytes: Uint8Array, digest: string | undefined): boolean {
    if (!looksLikeLayer(firstBytes)) return false;
    if (digest === undefined || !isDigest(digest)) return true;
    const { snapshots, blobs } = this.#parts;
    const known = new Set<string>([digest, ...blobs.diffIdsOf(digest)]);
    return !snapshots.listLayers().some(({ diffId }) => known.has(diffId));
  }

  /** @returns the file's digest; undefined where it could not be unpacked, which is told when the image wants it */
  async unpack(file: BlobFile, cancel: AbortSignal): Promise<Digest | undefined> {
    const staging = this.#stage(file, cancel);
    this.#staging.add(staging);
    try {
      return await staging;
    } finally {
      this.#staging.delete(staging);
    }
  }

  async #stage(file: BlobFile, cancel: AbortSignal): Promise<Digest | undefined> {
    let staged: StagedLayer | undefined;
    try {
      staged = await this.#parts.snapshots.stageLayer(file, cancel);
    } catch {
      cancel.throwIfAborted();
    }
    if (!staged) return undefined;
    // The same layer may come twice.
    await this.#staged.get(staged.digest)?.[Symbol.asyncDispose]();
    this.#staged.set(staged.digest, staged);
    return staged.digest;
  }

  /** The blob, unpacked; it belongs to the caller. undefined where it is not. */
  take(digest: Digest): StagedLayer | undefined {
    const staged = this.#staged.get(digest);
    this.#staged.delete(digest);
    return staged;
  }

  /** Every image has what it wants: what is left was here already. Nobody waits for its removal. */
  dropRest(): void {
    const rest = [...this.#staged.values()];
    this.#staged.clear();
    Promise.all(rest.map((staged) => staged[Symbol.asyncDispose]())).catch((thrown: unknown) => {
      this.#parts.log.warn('a layer that was unpacked for nothing could not be removed', { error: thrown });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#staging);
    for (const staged of this.#staged.values()) await staged[Symbol.asyncDispose]();
    this.#staged.clear();
  }
}

/** By a file's first bytes: may it be unpacked while it comes? */
export function isPlainTar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar';
}

/** A tar's header has its mark at 257; what is packed begins with its own. */
function looksLikeLayer(bytes: Uint8Array): boolean {
  const isPacked = (bytes[0] === 0x1f && bytes[1] === 0x8b) || (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f);
  return isPacked || isPlainTar(bytes);
}
