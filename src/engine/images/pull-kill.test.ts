import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chainIdsOf, digestOf, hexOf } from '#parts/oci/digest.ts';
import { FakeRegistry } from '#parts/registry/testing.ts';
import { addImage, PullPlace, tarOf } from './pull-testing.ts';

const CHILD = `
  import { PullPlace } from ${JSON.stringify(join(import.meta.dirname, 'pull-testing.ts'))};
  const place = await PullPlace.at(process.argv[1]);
  process.send('ready');
  await place.pull(process.argv[2]);
  process.exit(0);
`;

/** Sends blobs in small pieces, so that there is a middle in which to be killed. */
function slowly(registry: FakeRegistry): void {
  registry.fault = (request, response) => {
    const blob = registry.blobs.get(request.url?.split('/blobs/')[1] ?? '');
    if (!blob) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': blob.length - from, 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` });
    void (async () => {
      for (let at = from; at < blob.length && !response.destroyed; at += 250_000) {
        response.write(blob.subarray(at, at + 250_000));
        await sleep(4);
      }
      response.end();
    })();
    return true;
  };
}

test('an engine that is killed during a pull, again and again, loses nothing that was whole', { timeout: 120_000 }, async () => {
  await using registry = await FakeRegistry.start();
  using folder = mkdtempDisposableSync(join(tmpdir(), 'pull-kill-'));
  const files = (letter: string) => Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${letter}/${index}`, Buffer.alloc(100_000, letter + index)]));
  const tars = ['a', 'b', 'c', 'd'].map((letter) => tarOf(files(letter)));
  const image = addImage(registry, 'a/b', 'v1', { layers: tars, pack: 'none' });
  slowly(registry);
  let fetchedBytes = 0;
  for (let afterMs = 5; afterMs <= 200; afterMs += 15) {
    const child = spawn(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', CHILD, folder.path, `${registry.host}/a/b:v1`], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    await sleep(afterMs);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    fetchedBytes = await assertSound(folder.path, fetchedBytes);
  }
  await using place = await PullPlace.at(folder.path);
  const told = await place.pull(`${registry.host}/a/b:v1`);
  assert.match(told.at(-1) ?? '', /^Status: (Downloaded newer image|Image is up to date)/);
  const top = chainIdsOf(tars.map(digestOf)).at(-1);
  assert.ok(top && place.snapshots.findLayer(top));
  assert.equal(place.records.all()[0]?.id, image.config);
  for (const [index, letter] of ['a', 'b', 'c', 'd'].entries()) {
    const chainId = chainIdsOf(tars.slice(0, index + 1).map(digestOf)).at(-1);
    assert.ok(readFileSync(join(folder.path, 'layers', hexOf(chainId ?? image.config), 'fs', letter, '39')).equals(Buffer.alloc(100_000, `${letter}39`)));
  }
});

/** Whatever bears a digest's name has that digest, and no byte that was kept has gone. @returns bytes kept */
async function assertSound(root: string, keptBefore: number): Promise<number> {
  const content = join(root, 'content');
  let kept = 0;
  for (const name of readdirSync(join(content, 'sha256'))) {
    const bytes = readFileSync(join(content, 'sha256', name));
    assert.equal(digestOf(bytes), `sha256:${name}`);
    kept += bytes.length;
  }
  for (const name of readdirSync(join(content, 'partial'))) kept += name.startsWith('new-') ? 0 : readFileSync(join(content, 'partial', name)).length;
  assert.ok(kept >= keptBefore, `${kept} bytes are left of ${keptBefore}`);
  return kept;
}
