import type { DatabaseSync } from 'node:sqlite';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Descriptor } from '#parts/oci/descriptor.ts';
import { parseDigest, type Digest } from '#parts/oci/digest.ts';
import { transaction } from '#parts/records/database.ts';

/** Which blobs hold which unpacked layer. One layer may be here gzipped and plain. */
export class LayerBlobs {
  readonly #db: DatabaseSync;
  readonly #content: Pick<ContentStore, 'has'>;

  constructor(db: DatabaseSync, content: Pick<ContentStore, 'has'>) {
    this.#db = db;
    this.#content = content;
  }

  /** Notes that a blob, which is in the content store, unpacks to this layer. */
  add(blobs: readonly { readonly descriptor: Descriptor; readonly diffId: Digest }[]): void {
    const insert = this.#db.prepare('INSERT OR IGNORE INTO layer_blob (digest, diff_id, media_type, size_bytes) VALUES (?, ?, ?, ?)');
    transaction(this.#db, () => {
      for (const { descriptor, diffId } of blobs) insert.run(descriptor.digest, diffId, descriptor.mediaType, descriptor.sizeBytes);
    });
  }

  /** A blob that is here and holds the layer; `preferred` where it does. */
  find(diffId: Digest, preferred?: Digest): Descriptor | undefined {
    const here = this.#rowsOf(diffId).filter(({ digest }) => this.#content.has(digest));
    return here.find(({ digest }) => digest === preferred) ?? here[0];
  }

  digestsOf(diffId: Digest): readonly Digest[] {
    return this.#rowsOf(diffId).map(({ digest }) => digest);
  }

  diffIdsOf(digest: Digest): readonly string[] {
    const rows = this.#db.prepare('SELECT diff_id FROM layer_blob WHERE digest = ?').all(digest);
    return rows.map((row) => String(row['diff_id']));
  }

  /** Every blob that holds a layer, with the layer. */
  all(): readonly { readonly digest: Digest; readonly diffId: Digest }[] {
    const rows = this.#db.prepare('SELECT digest, diff_id FROM layer_blob').all();
    return rows.map((row) => ({ digest: parseDigest(String(row['digest'])), diffId: parseDigest(String(row['diff_id'])) }));
  }

  forget(digest: Digest): void {
    this.#db.prepare('DELETE FROM layer_blob WHERE digest = ?').run(digest);
  }

  #rowsOf(diffId: Digest): Descriptor[] {
    const rows = this.#db.prepare('SELECT digest, media_type, size_bytes FROM layer_blob WHERE diff_id = ? ORDER BY rowid').all(diffId);
    return rows.map((row) => ({
      mediaType: String(row['media_type']),
      digest: parseDigest(String(row['digest'])),
      sizeBytes: Number(row['size_bytes']),
      platform: undefined,
      annotations: {},
      urls: [],
    }));
  }
}
