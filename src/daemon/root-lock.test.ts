import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { lockRoots } from './root-lock.ts';

/** What another process is told that tries the same. */
function tried(folder: string, roots: Parameters<typeof lockRoots>[0]): string {
  const script = `import { lockRoots } from ${JSON.stringify(join(import.meta.dirname, 'root-lock.ts'))};
    try { lockRoots(${JSON.stringify(roots)}, ${JSON.stringify(join(folder, 'bridges'))}); console.log('taken'); } catch (error) { console.log(error.message); }`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: import.meta.dirname }).trim();
}

test('a second engine is refused by a sentence that names the holder, and let in when that one is gone', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-lock-'));
  const roots = { dataRoot: join(folder.path, 'data'), execRoot: join(folder.path, 'run'), bridge: 'onggi0', hosts: ['unix:///run/x.sock'] };
  const own = { dataRoot: join(folder.path, 'data2'), execRoot: join(folder.path, 'run2'), bridge: 'onggi1', hosts: [] };
  {
    using _locks = lockRoots(roots, join(folder.path, 'bridges'));
    const holder = `is in use by another onggid (pid ${process.pid}, listening on unix:///run/x.sock): stop that one first, or`;
    const apart = `${holder} give this one its own --data-root and --exec-root`;
    assert.equal(tried(folder.path, roots), `the data root ${roots.dataRoot} ${apart}`);
    assert.equal(tried(folder.path, { ...own, execRoot: roots.execRoot }), `the exec root ${roots.execRoot} ${apart}`);
    assert.equal(tried(folder.path, { ...own, bridge: 'onggi0' }), `the bridge onggi0 ${holder} name another with "bridge" in daemon.json`);
    assert.equal(tried(folder.path, own), 'taken');
  }
  assert.equal(tried(folder.path, roots), 'taken');
});

test('one folder may be both roots, and nobody else gets into it', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-lock-'));
  const root = join(folder.path, 'root');
  using _locks = lockRoots({ dataRoot: root, execRoot: root, bridge: 'onggi0', hosts: [] }, join(folder.path, 'bridges'));
  assert.equal((statSync(root).mode & 0o777).toString(8), '710');
});
