import type { DatabaseSync } from 'node:sqlite';

/**
 * Images and their names. The configuration's text is kept beside its blob, so that a list reads no files. A layer's
 * blob is found by what it unpacks to: one that came gzipped and one that came plain are the same layer.
 */
export function up(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE image (
      id             TEXT PRIMARY KEY,
      config         TEXT NOT NULL,
      manifest       TEXT NOT NULL,
      parent         TEXT NOT NULL,
      stored_ms      INTEGER NOT NULL,
      last_tagged_ms INTEGER
    ) STRICT;
    CREATE TABLE image_tag (
      repository TEXT NOT NULL,
      tag        TEXT NOT NULL,
      image_id   TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
      PRIMARY KEY (repository, tag)
    ) STRICT;
    CREATE INDEX image_tag_image ON image_tag(image_id);
    CREATE TABLE image_digest (
      repository TEXT NOT NULL,
      digest     TEXT NOT NULL,
      image_id   TEXT NOT NULL REFERENCES image(id) ON DELETE CASCADE,
      PRIMARY KEY (repository, digest)
    ) STRICT;
    CREATE INDEX image_digest_image ON image_digest(image_id);
    CREATE TABLE layer_blob (
      digest     TEXT PRIMARY KEY,
      diff_id    TEXT NOT NULL,
      media_type TEXT NOT NULL,
      size_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX layer_blob_diff_id ON layer_blob(diff_id);
  `);
}
