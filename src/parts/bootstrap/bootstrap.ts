import type { Readable } from 'node:stream';
import type { ImageRunConfig } from '#parts/oci/image-config.ts';

/** One image that can be made on this machine, without a registry. */
export interface Recipe {
  /** What the user asked for: `debian:bookworm`. */
  readonly name: string;
  /** Everything that decides about the result; two equal keys make the same image. */
  readonly key: string;
  readonly config: Partial<ImageRunConfig>;
  /** Of everything that has no date of its own. */
  readonly createdAt: Date;
  /**
   * Makes the layers, lowest first, one after the other: each tar is read to its end before the next is asked for.
   * Ends with whatever it started gone, also when the iteration is given up.
   *
   * @param say one line per step, for people
   * @throws {EngineError} `unavailable` where a tool is missing, `internal` where one fails; both say what to do
   */
  layers(say: (line: string) => void, cancel: AbortSignal): AsyncIterable<RecipeLayer>;
}

/** An uncompressed tar, and the words for the image's history. */
export interface RecipeLayer {
  readonly createdBy: string;
  readonly tar: Readable;
}

export const PATH_ENV = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
