import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isKind } from '#base/errors.ts';
import { EMPTY_RUN_CONFIG, imageDocumentBytes, parseImageDocument, type ImageDocument } from './image-document.ts';

const document: ImageDocument = {
  architecture: 'arm64', variant: 'v8', os: 'linux', osVersion: '', createdAt: new Date('2026-01-02T03:04:05.678Z'), author: 'me', comment: 'c',
  config: {
    user: 'u', env: ['A=b'], entrypoint: ['/e'], cmd: ['c'], workingDir: '/w', labels: { x: 'y' }, exposedPorts: ['80/tcp', '81/udp'], volumes: ['/data'],
    stopSignal: 'SIGQUIT', shell: ['/bin/bash'], onBuild: ['RUN x'], argsEscaped: true,
    healthcheck: { test: ['CMD', 'true'], intervalNs: 5e9, timeoutNs: 1e9, startPeriodNs: 2e9, startIntervalNs: 3e9, retries: 3 },
  },
  diffIds: [`sha256:${'a'.repeat(64)}`],
  history: [{ createdAt: null, createdBy: 'x', author: '', comment: '', emptyLayer: true }],
};

test('a configuration reads as it was written', () => {
  assert.deepEqual(parseImageDocument(imageDocumentBytes(document)), document);
});

test('null, missing and zero are "not set", as Go writes them', () => {
  const text = JSON.stringify({ created: '0001-01-01T00:00:00Z', config: { Cmd: null, Env: null, Labels: null, Volumes: null, Healthcheck: null }, rootfs: { type: 'layers', diff_ids: null }, history: null });
  const read = parseImageDocument(Buffer.from(text));
  assert.deepEqual(read.config, EMPTY_RUN_CONFIG);
  assert.deepEqual([read.createdAt, read.diffIds, read.history], [null, [], []]);
});

test('what is no configuration is refused', () => {
  assert.throws(() => parseImageDocument(Buffer.from('{}')), /rootfs is missing/);
  assert.throws(() => parseImageDocument(Buffer.from('{"rootfs":{"type":"layers","diff_ids":["sha256:1"]}}')), /invalid checksum digest/);
  assert.throws(() => parseImageDocument(Buffer.from('{"rootfs":{"type":"layers"},"config":{"Env":[1]}}')), /Env is not a list of strings/);
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (config, history) => {
      try {
        parseImageDocument(Buffer.from(JSON.stringify({ rootfs: {}, config, history })));
      } catch (thrown) {
        assert.ok(isKind(thrown, 'invalid'), String(thrown));
      }
    }),
  );
});
