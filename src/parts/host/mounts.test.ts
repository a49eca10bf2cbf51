import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { isMountPoint, listMounts, parseMountInfo } from './mount-table.ts';
import { bindMount, makePrivate, mount, unmount } from './mounts.ts';
import { mountOverlay, mountOverlayByOptions } from './overlay.ts';
import { inSandbox } from './testing.ts';

if (inSandbox(import.meta.url)) {
  const root = mkdtempSync('/tmp/hostnet-mounts-');
  // A file system of their own: an upper layer cannot lie on every file system that /tmp may be.
  mount({ source: 'tmpfs', target: root, type: 'tmpfs', data: 'mode=755' });
  const folder = (name: string, files: Readonly<Record<string, string>> = {}): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    return path;
  };

  test('a bind shows the source and goes again', async () => {
    const target = folder('bind-target');
    bindMount(folder('bind-source', { a: 'one' }), target);
    assert.equal(readFileSync(join(target, 'a'), 'utf8'), 'one');
    assert.equal(isMountPoint(target), true);
    await unmount(target);
    assert.equal(isMountPoint(target), false);
    await unmount(target);
  });

  test('a read-only bind refuses writes below its top as well', async () => {
    const source = folder('ro-source', { a: 'one' });
    mount({ source: 'tmpfs', target: folder('ro-source/sub'), type: 'tmpfs' });
    const target = folder('ro-target');
    bindMount(source, target, { recursive: true, readOnly: true });
    assert.throws(() => writeFileSync(join(target, 'a'), 'two'), { code: 'EROFS' });
    assert.throws(() => writeFileSync(join(target, 'sub', 'a'), 'two'), { code: 'EROFS' });
    writeFileSync(join(source, 'a'), 'two');
    await unmount(target, { detach: true });
  });

  test('a failed bind leaves nothing and names its code', () => {
    assert.throws(() => bindMount(join(root, 'absent'), folder('nothing')), { code: 'ENOENT', syscall: 'mount' });
    assert.equal(isMountPoint(join(root, 'nothing')), false);
    assert.throws(() => bindMount(`${root}\0x`, root), { code: 'EINVAL' });
  });

  test('an overlay of three hundred layers with long and awkward names', async () => {
    const lower = Array.from({ length: 300 }, (_, index) => folder(`layers/${'x'.repeat(90)}${index}`, { [`file-${index}`]: String(index), same: String(index) }));
    lower.push(folder('layers/with:colon,comma and space', { odd: 'odd' }), folder(`layers/${'y'.repeat(200)}/${'z'.repeat(200)}`, { long: 'long' }));
    const target = folder('merged');
    mountOverlay({ target, lower, upper: folder('up:per'), work: folder('work'), options: { index: 'off' } });
    assert.equal(readdirSync(target).length, 303);
    assert.equal(readFileSync(join(target, 'same'), 'utf8'), '0');
    writeFileSync(join(target, 'new'), 'x');
    assert.deepEqual(readdirSync(join(root, 'up:per')), ['new']);
    await unmount(target);
  });

  test('on an older kernel two hundred layers fit in one page', async () => {
    const lower = Array.from({ length: 200 }, (_, index) => folder(`layers/${'x'.repeat(90)}${index}`));
    const target = folder('merged-old');
    mountOverlayByOptions({ target, lower, upper: folder('upper-old'), work: folder('work-old') });
    assert.equal(readFileSync(join(target, 'same'), 'utf8'), '0');
    await unmount(target);
    assert.throws(() => mountOverlayByOptions({ target, lower: [...lower, ...lower] }), { code: 'E2BIG' });
  });

  test('an overlay without an upper layer is read-only', async () => {
    const target = folder('merged-ro');
    mountOverlay({ target, lower: [folder('l1', { a: '1' }), folder('l2', { b: '2' })] });
    assert.deepEqual(readdirSync(target), ['a', 'b']);
    assert.throws(() => writeFileSync(join(target, 'c'), ''), { code: 'EROFS' });
    await unmount(target);
  });

  test('an overlay that cannot be says why', () => {
    assert.throws(() => mountOverlay({ target: folder('m3'), lower: [join(root, 'absent')], upper: folder('u3'), work: folder('w3') }), /absent/);
    assert.throws(() => mountOverlay({ target: folder('m3'), lower: [folder('l1')], options: { nonsense: 'on' } }), /nonsense/);
  });

  test('mounts are listed with their names unescaped', async () => {
    const target = folder('with space');
    mount({ source: 'tmpfs', target, type: 'tmpfs' });
    makePrivate(target);
    assert.equal(listMounts().find((entry) => entry.target === target)?.type, 'tmpfs');
    await unmount(target);
  });

  test.after(async () => {
    await unmount(root, { detach: true });
    rmSync(root, { recursive: true });
  });
}

test('mountinfo with optional fields, and lines cut short', () => {
  const [entry, ...none] = parseMountInfo('36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\nbroken line\n');
  assert.deepEqual(none, []);
  assert.equal(entry?.target, '/mnt 2');
  assert.deepEqual(entry?.propagation, ['master:1', 'shared:2']);
  assert.deepEqual(entry?.superOptions, ['rw', 'errors=continue']);
});
