import assert from 'node:assert/strict';
import test from 'node:test';
import { tmpfsMountText, tmpfsOptions } from './tmpfs-options.ts';

test('options are merged as dockerd 28.5 writes them into config.json', () => {
  assert.deepEqual(tmpfsOptions(''), ['noexec', 'nosuid', 'nodev', 'rprivate']);
  assert.deepEqual(tmpfsOptions('size=64m,mode=1777,noexec'), ['nosuid', 'nodev', 'rprivate', 'size=64m', 'mode=1777', 'noexec']);
  assert.deepEqual(tmpfsOptions('uid=1000,gid=5,rw,exec,nr_inodes=4'), ['nosuid', 'nodev', 'rprivate', 'uid=1000', 'gid=5', 'rw', 'exec', 'nr_inodes=4']);
  assert.deepEqual(tmpfsOptions('size=1m,ro,rw'), ['noexec', 'nosuid', 'nodev', 'rprivate', 'size=1m', 'rw']);
  assert.deepEqual(tmpfsOptions('defaults,noatime'), ['noexec', 'nosuid', 'nodev', 'rprivate', 'noatime']);
});

test('an option that a tmpfs does not have is named', () => {
  for (const [text, name] of [['foo=bar', 'foo'], ['bar', 'bar'], ['shared,size=1k,huge=never', 'huge'], ['size', 'size'], ['size=1m,', '']] as const) {
    assert.throws(() => tmpfsOptions(text), { kind: 'internal', message: `invalid tmpfs option "${name}"` });
  }
});

test('a tmpfs of --mount becomes the same text', () => {
  assert.equal(tmpfsMountText({ sizeBytes: 1 << 20, mode: 0o700, options: [], readOnly: false }), 'mode=700,size=1m');
  assert.equal(tmpfsMountText({ sizeBytes: 1000, mode: 0, options: [['exec'], ['uid', '5']], readOnly: true }), 'ro,size=1000,exec,uid=5');
});
