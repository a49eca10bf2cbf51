import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { chainIdsOf, parseDigest, type Digest } from '#parts/oci/digest.ts';
import { parseImageDocument, type ImageDocument } from '#parts/oci/image-document.ts';
import { canonicalName, canonicalText, parseReference, repositoryOf, withDefaultTag, type Reference } from '#parts/oci/reference.ts';
import { transaction } from '#parts/records/database.ts';

/** An image as it is stored; its names are kept apart. */
export interface StoredImage {
  readonly id: Digest;
  readonly document: ImageDocument;
  /** Names of its stacks of layers, lowest first. */
  readonly chain: readonly Digest[];
  /** Of its manifest's blob. */
  readonly manifest: Digest;
  /** The image it was built on, by id; empty where nobody said. */
  readonly parent: string;
  readonly storedAt: Date;
  readonly lastTaggedAt: Date | null;
}

export interface NewImage extends Omit<StoredImage, 'document' | 'chain' | 'lastTaggedAt'> {
  readonly config: Buffer;
}

interface Name {
  readonly reference: Reference;
  readonly imageId: Digest;
}

/** All images and their names: kept in memory, written through to the database. */
export class ImageRecords {
  readonly #db: DatabaseSync;
  readonly #images = new Map<string, StoredImage>();
  readonly #names = new Map<string, Name>();
  readonly #namesOf = new Map<string, Map<string, Reference>>();
  readonly #parents = new Map<string, number>();
  readonly #insert: StatementSync;
  readonly #tagged: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare('INSERT INTO image (id, config, manifest, parent, stored_ms) VALUES (?, ?, ?, ?, ?)');
    this.#tagged = db.prepare('UPDATE image SET last_tagged_ms = ? WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM image WHERE id = ?');
    this.#read();
  }

  find(id: string): StoredImage | undefined {
    return this.#images.get(id);
  }

  all(): readonly StoredImage[] {
    return [...this.#images.values()];
  }

  /** The one image whose id begins with these digits (`sha256:` may stand before them); undefined where there are several. */
  findByPrefix(text: string): StoredImage | undefined {
    const prefix = text.startsWith('sha256:') ? text : `sha256:${text}`;
    const exact = this.#images.get(prefix);
    if (exact || !/^sha256:[0-9a-f]+$/.test(prefix)) return exact;
    const found = this.all().filter(({ id }) => id.startsWith(prefix));
    return found.length === 1 ? found[0] : undefined;
  }

  /** The image of that very name; `latest` where it has no tag, the digest where it has one. */
  findByName(reference: Reference): StoredImage | undefined {
    const name = this.#names.get(keyOf(withDefaultTag(reference)));
    return name && this.#images.get(name.imageId);
  }

  /** Its names in the order of their text; tags and digests alike. */
  namesOf(id: string): readonly Reference[] {
    return [...(this.#namesOf.get(id) ?? [])].sort(byKey).map(([, reference]) => reference);
  }

  /** Names of one repository, with the images they stand for. */
  namesIn(repository: Reference): readonly Name[] {
    const wanted = canonicalName(repository);
    return [...this.#names].filter(([, { reference }]) => canonicalName(reference) === wanted).sort(byKey).map(([, name]) => name);
  }

  /** True where another image was built on this one. */
  hasChildren(id: string): boolean {
    return this.#parents.has(id);
  }

  /** Adds an image, unless it is there already, and gives it names, in one transaction. */
  insert(image: NewImage, names: readonly Reference[]): StoredImage {
    const { id, config, manifest, parent, storedAt } = image;
    const document = parseImageDocument(config);
    transaction(this.#db, () => {
      if (!this.#images.has(id)) this.#insert.run(id, config.toString(), manifest, parent, storedAt.getTime());
      names.forEach((name) => this.#writeName(name, id, storedAt));
    });
    const known = this.#images.get(id);
    const stored = known ?? { id, document, chain: chainIdsOf(document.diffIds), manifest, parent, storedAt, lastTaggedAt: null };
    if (!known) this.#remember(stored);
    names.forEach((name) => this.#rememberName(name, id, storedAt));
    return this.#images.get(id) ?? stored;
  }

  /** Gives a name to an image, and takes it from the one that had it. */
  name(reference: Reference, id: Digest): void {
    const at = new Date();
    transaction(this.#db, () => this.#writeName(reference, id, at));
    this.#rememberName(reference, id, at);
  }

  unname(reference: Reference): void {
    const { digest, tag } = reference;
    const [table, column] = digest === undefined ? ['image_tag', 'tag'] : ['image_digest', 'digest'];
    this.#db.prepare(`DELETE FROM ${table} WHERE repository = ? AND ${column} = ?`).run(canonicalName(reference), digest ?? tag ?? '');
    this.#forgetName(keyOf(reference));
  }

  /** With all of its names. */
  delete(id: string): void {
    this.#delete.run(id);
    const image = this.#images.get(id);
    if (image) this.#countChild(image.parent, -1);
    this.#images.delete(id);
    for (const key of this.#namesOf.get(id)?.keys() ?? []) this.#forgetName(key);
  }

  #remember(image: StoredImage): void {
    this.#images.set(image.id, image);
    this.#countChild(image.parent, 1);
  }

  #countChild(parent: string, change: number): void {
    if (parent === '') return;
    const count = (this.#parents.get(parent) ?? 0) + change;
    if (count > 0) this.#parents.set(parent, count);
    else this.#parents.delete(parent);
  }

  #setName(reference: Reference, imageId: Digest): void {
    const key = keyOf(reference);
    this.#forgetName(key);
    this.#names.set(key, { reference, imageId });
    const own = this.#namesOf.get(imageId) ?? new Map<string, Reference>();
    this.#namesOf.set(imageId, own.set(key, reference));
  }

  #forgetName(key: string): void {
    const imageId = this.#names.get(key)?.imageId;
    if (imageId === undefined) return;
    this.#names.delete(key);
    const own = this.#namesOf.get(imageId);
    own?.delete(key);
    if (own?.size === 0) this.#namesOf.delete(imageId);
  }

  #writeName(reference: Reference, id: Digest, at: Date): void {
    const repository = canonicalName(reference);
    if (reference.digest !== undefined) {
      this.#db.prepare('INSERT OR REPLACE INTO image_digest (repository, digest, image_id) VALUES (?, ?, ?)').run(repository, reference.digest, id);
    } else {
      this.#db.prepare('INSERT OR REPLACE INTO image_tag (repository, tag, image_id) VALUES (?, ?, ?)').run(repository, reference.tag ?? '', id);
      this.#tagged.run(at.getTime(), id);
    }
  }

  #rememberName(reference: Reference, imageId: Digest, at: Date): void {
    // A name with both is the digest's: the tag may move on.
    const kept: Reference = reference.digest === undefined ? reference : { ...reference, tag: undefined };
    this.#setName(kept, imageId);
    const image = this.#images.get(imageId);
    if (image && reference.digest === undefined) this.#images.set(imageId, { ...image, lastTaggedAt: at });
  }

  #read(): void {
    for (const row of this.#db.prepare('SELECT * FROM image').all()) {
      const image = storedImage(row);
      this.#remember(image);
    }
    for (const row of this.#db.prepare('SELECT * FROM image_tag').all()) {
      this.#readName(row, { tag: String(row['tag']), digest: undefined });
    }
    for (const row of this.#db.prepare('SELECT * FROM image_digest').all()) {
      this.#readName(row, { tag: undefined, digest: parseDigest(String(row['digest'])) });
    }
  }

  #readName(row: Record<string, unknown>, which: Pick<Reference, 'tag' | 'digest'>): void {
    const reference = { ...repositoryOf(parseReference(String(row['repository']))), ...which };
    this.#setName(reference, parseDigest(String(row['image_id'])));
  }
}

function keyOf(reference: Reference): string {
  return canonicalText(reference.digest === undefined ? reference : { ...reference, tag: undefined });
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

function storedImage(row: Record<string, unknown>): StoredImage {
  const tagged = row['last_tagged_ms'];
  const document = parseImageDocument(Buffer.from(String(row['config'])));
  return {
    id: parseDigest(String(row['id'])),
    document,
    chain: chainIdsOf(document.diffIds),
    manifest: parseDigest(String(row['manifest'])),
    parent: String(row['parent']),
    storedAt: new Date(Number(row['stored_ms'])),
    lastTaggedAt: tagged === null ? null : new Date(Number(tagged)),
  };
}
