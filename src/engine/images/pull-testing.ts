import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { silentLog } from '#base/log.ts';
import type { EngineEvent } from '#engine/events/events.ts';
import { ContentStore } from '#parts/content/content-store.ts';
import { Leases } from '#parts/content/leases.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { digestOf, type Digest } from '#parts/oci/digest.ts';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import { openDatabase } from '#parts/records/database.ts';
import { Registries } from '#parts/registry/registries.ts';
import { registrySettings, type RegistrySettings } from '#parts/registry/settings.ts';
import type { FakeRegistry } from '#parts/registry/testing.ts';
import { OverlaySnapshotter } from '#parts/snapshots/overlay.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { ImageCommitter } from './image-committer.ts';
import { ImageGarbage } from './image-garbage.ts';
import { ImageRecords } from './image-records.ts';
import type { Progress, PullRequest } from './images.ts';
import { LayerBlobs } from './layer-blobs.ts';
import { pullTarget } from './pull-target.ts';
import { ImagePuller } from './pull.ts';

/** A tar of plain files. */
export function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const data = Buffer.from(content as string);
    return [tarHeader(plainEntry('file', path, { sizeBytes: data.length })), data, Buffer.alloc(paddingOf(data.length))];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

const PACK: Readonly<Record<'gzip' | 'zstd' | 'none', (tar: Buffer) => Buffer>> = { gzip: gzipSync, zstd: zstdCompressSync, none: (tar) => tar };

export interface FakeImage {
  readonly layers: readonly Buffer[];
  readonly kind?: 'oci' | 'docker';
  readonly pack?: keyof typeof PACK;
  readonly architecture?: string;
  readonly diffIds?: readonly string[];
}

/** Puts an image into a fake registry, and tells its parts' digests. */
export function addImage(registry: FakeRegistry, repository: string, tag: string, image: FakeImage): { readonly manifest: Digest; readonly config: Digest; readonly layers: readonly Digest[]; readonly sizeBytes: number } {
  const { kind = 'oci', pack = 'gzip', architecture = process.arch === 'x64' ? 'amd64' : process.arch } = image;
  const blobs = image.layers.map((tar) => PACK[pack](tar));
  const config = Buffer.from(
    JSON.stringify({ architecture, os: 'linux', config: { Cmd: ['sh'], Labels: { made: 'here' } }, rootfs: { type: 'layers', diff_ids: image.diffIds ?? image.layers.map(digestOf) } }),
  );
  const suffix = { gzip: kind === 'oci' ? '+gzip' : '.gzip', zstd: kind === 'oci' ? '+zstd' : '.zstd', none: '' }[pack];
  const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: registry.addBlob(bytes) as Digest });
  const mediaType = kind === 'oci' ? OCI_MANIFEST : DOCKER_MANIFEST;
  const layers = blobs.map((blob) => descriptor((kind === 'oci' ? OCI_LAYER : DOCKER_LAYER) + suffix, blob));
  const document = { schemaVersion: 2, mediaType, config: descriptor(kind === 'oci' ? OCI_CONFIG : DOCKER_CONFIG, config), layers };
  const manifest = registry.addManifest(repository, tag, mediaType, document) as Digest;
  return { manifest, config: document.config.digest, layers: layers.map(({ digest }) => digest), sizeBytes: Buffer.byteLength(JSON.stringify(document)) };
}

/** Puts an index over images that are there already. */
export function addIndex(registry: FakeRegistry, repository: string, tag: string, entries: readonly { readonly digest: string; readonly platform?: string; readonly mediaType?: string }[]): Digest {
  const manifests = entries.map(({ digest, platform, mediaType = OCI_MANIFEST }) => {
    const [os, architecture, variant] = platform?.split('/') ?? [];
    return { mediaType, digest, size: 1, ...(os && { platform: { os, architecture, ...(variant && { variant }) } }) };
  });
  return registry.addManifest(repository, tag, OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }) as Digest;
}

/** Real stores in a folder of their own, with a puller over them. */
export class PullPlace implements AsyncDisposable {
  readonly records: ImageRecords;
  readonly blobs: LayerBlobs;
  readonly events: Pick<EngineEvent, 'action' | 'actorId' | 'attributes'>[] = [];
  readonly committer: ImageCommitter;
  readonly puller: ImagePuller;
  readonly content: ContentStore;
  readonly snapshots: OverlaySnapshotter;
  readonly leases: Leases;
  readonly root: string;
  readonly #undo: AsyncDisposableStack;

  private constructor(root: string, content: ContentStore, undo: AsyncDisposableStack, settings: Partial<RegistrySettings>) {
    this.root = root;
    this.content = content;
    this.#undo = undo;
    this.leases = new Leases();
    const db = undo.use(openDatabase(join(root, 'onggi.db')));
    this.records = new ImageRecords(db);
    this.blobs = new LayerBlobs(db, content);
    const workers = new LayerWorkers(2);
    this.snapshots = undo.use(OverlaySnapshotter.open({ layersRoot: join(root, 'layers'), containersRoot: join(root, 'containers'), workers, log: silentLog }));
    const { records, blobs, snapshots } = this;
    this.committer = new ImageCommitter({ records, blobs, content, snapshots });
    const registries = undo.use(new Registries(registrySettings({ idleMs: 2000, ...settings })));
    this.puller = new ImagePuller({
      registries,
      content,
      snapshots: this.snapshots,
      leases: this.leases,
      images: pullTarget({ records, committer: this.committer, garbage: this.garbage }),
      events: { publish: (event) => void this.events.push(event) },
      log: silentLog,
      maxDownloads: 3,
      retryPauses: [0.01, 0.01],
    });
  }

  get garbage(): ImageGarbage {
    const { records, blobs, content, snapshots, leases } = this;
    return new ImageGarbage({ records, blobs, content, snapshots, leases, log: silentLog });
  }

  static async open(settings: Partial<RegistrySettings> = {}): Promise<PullPlace> {
    const undo = new AsyncDisposableStack();
    const folder = undo.use(mkdtempDisposableSync(join(tmpdir(), 'pull-')));
    return PullPlace.#on(folder.path, undo, settings);
  }

  /** On a folder that was used before, and stays. */
  static at(root: string): Promise<PullPlace> {
    return PullPlace.#on(root, new AsyncDisposableStack(), {});
  }

  static async #on(root: string, undo: AsyncDisposableStack, settings: Partial<RegistrySettings>): Promise<PullPlace> {
    return new PullPlace(root, await ContentStore.open(join(root, 'content')), undo, settings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }

  /** Pulls, and answers what was told on the way, as Docker's plain output would show it. */
  async pull(reference: string, some: Partial<PullRequest> = {}, cancel: AbortSignal = AbortSignal.timeout(30_000)): Promise<string[]> {
    const told: string[] = [];
    const report = ({ id, status, current, total }: Progress): void => void told.push(`${id ? `${id}: ` : ''}${status}${total === undefined ? '' : ` ${current}/${total}`}`);
    await this.puller.pull({ reference, tag: '', platform: '', credentials: undefined, ...some }, report, cancel);
    return told;
  }
}
