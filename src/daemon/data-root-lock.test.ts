import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { lockDataRoot } from './data-root-lock.ts';

test('a second engine on a data root is refused by a sentence that names the holder, and let in when that one is gone', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-lock-'));
  const script = `import { lockDataRoot } from ${JSON.stringify(join(import.meta.dirname, 'data-root-lock.ts'))};
    try { lockDataRoot(${JSON.stringify(folder.path)}, []); console.log('taken'); } catch (error) { console.log(error.message); }`;
  const second = (): string => execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: import.meta.dirname });
  {
    using _lock = lockDataRoot(folder.path, ['unix:///run/x.sock']);
    const said = second();
    assert.match(said, new RegExp(`is in use by another onggid \\(pid ${process.pid}, listening on unix:///run/x\\.sock\\)`));
  }
  assert.equal(second().trim(), 'taken');
});
