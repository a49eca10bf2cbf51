import type { Growth } from '#base/growth.ts';
import type { LayeredTree } from '#parts/archive/changes.ts';
import type { Digest } from '#parts/oci/digest.ts';

/** An unpacked layer with all that lies below it. */
export interface Layer {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Empty for the lowest. */
  readonly parent: Digest | '';
  /** Of this layer's own files. */
  readonly sizeBytes: number;
  readonly storedAt: Date;
}

export interface NewLayer {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** The blob's file, a tar, plain or compressed, and its digest. */
  readonly source: string;
  readonly digest: Digest;
  /**
   * The layer below: its chain id at once, and a promise for when it is there. A driver that does not need it to
   * unpack begins before.
   */
  readonly parent: Digest | '';
  readonly parentReady: Promise<unknown>;
  /** The same blob, unpacked ahead by `stageLayer`; it belongs to the snapshotter from now on. */
  readonly staged?: StagedLayer;
}

/** A blob's file, a tar, plain or compressed. */
export interface BlobFile {
  readonly path: string;
  /** Of one that is still being written, a plain one: it is read as it comes. */
  readonly growth?: Growth | undefined;
}

/** A blob that has been unpacked before its place is known. Disposed, it goes. */
export interface StagedLayer extends AsyncDisposable {
  /** Of the blob as it is, and of what it unpacks to: found out on the way. */
  readonly digest: Digest;
  readonly diffId: Digest;
}

/**
 * Keeps unpacked layers, shared and read-only, and makes of a stack of them a container's root that can be written.
 * Every driver passes `snapshotter.contract.ts`.
 */
export interface Snapshotter extends AsyncDisposable {
  /** Docker's name of the driver: `overlay2`. */
  readonly driver: string;

  findLayer(chainId: string): Layer | undefined;
  listLayers(): readonly Layer[];
  /**
   * Unpacks a layer; one that is there already is answered at once. Until it is whole and durable nothing of it is seen.
   *
   * @throws {EngineError} `invalid` where blob or content are not what their digests say; nothing is left then
   */
  addLayer(layer: NewLayer, cancel: AbortSignal): Promise<Layer>;
  /** Layers are about to come: what unpacking needs may be made ready. */
  warm(): void;
  /**
   * Unpacks a blob's file before it is known what lies below it, and what its digests are. undefined where the driver
   * cannot.
   *
   * @throws {EngineError} `invalid` for what is no layer, `unavailable` where it comes too slowly
   */
  stageLayer(source: BlobFile, cancel: AbortSignal): Promise<StagedLayer | undefined>;
  /** @throws {EngineError} `conflict` while a layer or a container's root stands on it */
  removeLayer(chainId: string): Promise<void>;

  /**
   * Makes the writable part of a container's root above a stack of layers; an empty chain id is an empty root.
   *
   * @throws {EngineError} `not-found` where that stack is not here
   */
  prepare(containerId: string, chainId: string): Promise<void>;
  /** Answers the root's path. Each call needs an `unmount`; only the last one of these takes the root out of sight. */
  mount(containerId: string): Promise<string>;
  unmount(containerId: string): Promise<void>;
  /** Unmounts, whoever may still hold it, and removes what the container wrote. One that is not there is no error. */
  remove(containerId: string): Promise<void>;
  /** Chain ids that containers' roots stand on. */
  usedByContainers(): ReadonlySet<string>;
  /** Where the root is while it is mounted. */
  rootOf(containerId: string): string;
  /** What `inspect` shows of the root. */
  facts(containerId: string): { readonly driver: string; readonly facts: Readonly<Record<string, string>> };
  /** Where the container's own files lie and what they stand on, for whoever compares or packs them. */
  changeTree(containerId: string): LayeredTree;
  /** Bytes of files: what the container wrote, and that with all layers. */
  sizes(containerId: string): Promise<{ readonly writableBytes: number; readonly rootfsBytes: number }>;
}
