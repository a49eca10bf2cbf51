import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isKind } from '#base/errors.ts';
import { parseManifest } from './manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const descriptor = { mediaType: 'application/octet-stream', digest, size: 3 };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('an OCI manifest without a media type of its own is read by its fields', () => {
  const manifest = parseManifest(bytes({ schemaVersion: 2, config: descriptor, layers: [descriptor] }), '');
  assert.equal(manifest.kind, 'manifest');
  assert.equal(manifest.mediaType, OCI_MANIFEST);
});

test('a Docker list keeps the platforms', () => {
  const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const list = parseManifest(bytes({ schemaVersion: 2, mediaType: DOCKER_MANIFEST_LIST, manifests: [{ ...descriptor, platform }] }), DOCKER_MANIFEST_LIST);
  assert.equal(list.kind, 'index');
  assert.deepEqual(list.kind === 'index' && list.manifests[0]?.platform, { ...platform, osVersion: '' });
});

test('documents that lie about themselves are refused', () => {
  const both = { schemaVersion: 2, manifests: [], layers: [], config: descriptor };
  assert.throws(() => parseManifest(bytes(both), ''), /both a manifest and an index/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [] }), DOCKER_MANIFEST), /came as/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 2, manifests: [] }), OCI_MANIFEST), /unsupported media type/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 1, fsLayers: [] }), ''), /version 1 is no longer supported/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 2, layers: [] }), OCI_MANIFEST), /config is missing/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 2, config: { ...descriptor, size: -1 }, layers: [] }), ''), /size is not/);
  assert.throws(() => parseManifest(bytes({ schemaVersion: 2, config: { ...descriptor, digest: 'sha256:../x' }, layers: [] }), ''), /invalid checksum/);
  assert.throws(() => parseManifest(bytes([]), OCI_INDEX), /not a JSON object/);
  assert.throws(() => parseManifest(Buffer.from('{'), OCI_INDEX), /not JSON/);
  assert.throws(() => parseManifest(Buffer.alloc(5 * 1024 * 1024, 32), OCI_INDEX), /larger than/);
});

test('any JSON is either read or refused with an EngineError', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('config', 'layers', 'manifests', 'mediaType', 'annotations'), fc.jsonValue()), (value) => {
      try {
        parseManifest(bytes({ schemaVersion: 2, ...value }), '');
      } catch (thrown) {
        assert.ok(isKind(thrown, 'invalid'), String(thrown));
      }
    }),
  );
});
