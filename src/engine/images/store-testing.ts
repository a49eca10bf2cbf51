// An image store on a folder of its own, and archives for it.
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLog } from '#base/log.ts';
import type { EngineEvent } from '#engine/events/events.ts';
import { ContentStore } from '#parts/content/content-store.ts';
import { Leases } from '#parts/content/leases.ts';
import { LayerWorkers } from '#parts/layers/layer-workers.ts';
import { digestOf, hexOf } from '#parts/oci/digest.ts';
import { openDatabase } from '#parts/records/database.ts';
import { OverlaySnapshotter } from '#parts/snapshots/overlay.ts';
import { makeTar, type TestEntry } from '#parts/tar/testing.ts';
import type { ImageUser } from './image-remover.ts';
import { ImageStore } from './image-store.ts';
import type { Progress } from './images.ts';

export const never: AbortSignal = new AbortController().signal;
export const quiet = (): void => undefined;

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ImageStore;
  readonly content: ContentStore;
  readonly snapshots: OverlaySnapshotter;
  readonly leases: Leases;
  readonly root: string;
  /** `action name`, in order. */
  readonly events: string[];
  readonly users: Map<string, ImageUser[]>;
  load(archive: Uint8Array, platform?: string): Promise<readonly string[]>;
  import(archive: Uint8Array, repository?: string, changes?: readonly string[]): Promise<string>;
  save(...refs: string[]): Promise<Buffer>;
  /** What lies on disk: blobs, layers, and what should not be there. */
  left(): Promise<{ readonly blobs: number; readonly layers: number }>;
}

/** @param root an existing data root, for another engine on the same data */
export async function storeUnderTest(root?: string): Promise<StoreUnderTest> {
  const place = root === undefined ? mkdtempDisposableSync(join(tmpdir(), 'store-images-')) : { path: root, remove: () => undefined };
  const workers = new LayerWorkers(2);
  const content = await ContentStore.open(join(place.path, 'content'));
  const snapshots = OverlaySnapshotter.open({ layersRoot: join(place.path, 'layers'), containersRoot: join(place.path, 'containers'), workers, log: silentLog });
  const db = openDatabase(join(place.path, 'onggi.db'));
  const events: string[] = [];
  const users = new Map<string, ImageUser[]>();
  const leases = new Leases();
  const publish = (event: Pick<EngineEvent, 'action' | 'attributes'>): void => void events.push(`${event.action} ${event.attributes['name'] ?? event.attributes['reclaimed'] ?? ''}`);
  const store = new ImageStore({ db, content, snapshots, leases, log: silentLog, events: { publish, watch: () => { throw new Error('not here'); } }, usersOf: (id) => users.get(id) ?? [] });
  return {
    store, content, snapshots, leases, events, users,
    root: place.path,
    load: (archive, platform = '') => store.load(Readable.from([archive]), { platform, quiet: true }, quiet, never),
    import: (archive, repository = '', changes = []) => store.import(Readable.from([archive]), { repository, tag: '', message: '', changes, platform: '' }, quiet, never),
    save: async (...refs) => Buffer.concat((await (await store.save(refs, never)).toArray()) as Buffer[]),
    left: async () => ({ blobs: (await content.list()).length, layers: snapshots.listLayers().length }),
    [Symbol.asyncDispose]: async () => {
      await snapshots[Symbol.asyncDispose]();
      db.close();
      place.remove();
    },
  };
}

export interface TestImage {
  readonly names: readonly string[];
  readonly layers: readonly Buffer[];
  readonly diffIds?: readonly string[];
  readonly architecture?: string;
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The configuration that a test's image has. */
export function configOf({ layers, diffIds, architecture = process.arch === 'arm64' ? 'arm64' : 'amd64', created, labels }: TestImage): Buffer {
  const history = layers.map((_, index) => ({ created, created_by: `step ${index}` }));
  return Buffer.from(JSON.stringify({ architecture, os: 'linux', created, config: { Cmd: ['sh'], Labels: labels }, rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map((layer) => digestOf(layer)) }, history }));
}

/** A `docker save` archive as Docker 1.10 and later wrote it, before it was an OCI layout. */
export function dockerArchive(images: readonly TestImage[], more: readonly TestEntry[] = []): Buffer {
  const files = images.flatMap((image): TestEntry[] => [
    { name: `${hexOf(digestOf(configOf(image)))}.json`, data: configOf(image) },
    ...image.layers.map((layer) => ({ name: `${hexOf(digestOf(layer))}/layer.tar`, data: layer })),
  ]);
  const list = images.map((image) => ({
    Config: `${hexOf(digestOf(configOf(image)))}.json`,
    RepoTags: image.names,
    Layers: image.layers.map((layer) => `${hexOf(digestOf(layer))}/layer.tar`),
  }));
  return makeTar([...files, { name: 'manifest.json', data: JSON.stringify(list) }, ...more]);
}

/** What progress tells, as one text per message. */
export const collect = (into: string[]) => (progress: Progress): void => void into.push(`${progress.id} ${progress.status}`);
