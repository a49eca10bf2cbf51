import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isKind, type ErrorKind } from '#base/errors.ts';
import { digestOf } from '#parts/oci/digest.ts';
import { makeTar } from '#parts/tar/testing.ts';
import { dockerArchive, storeUnderTest, type TestImage } from './store-testing.ts';

const base = makeTar([{ name: 'bin/sh', data: 'shell' }]);
const top = makeTar([{ name: 'etc/conf', data: 'configuration' }]);
const image = (names: readonly string[], some: Partial<TestImage> = {}): TestImage => ({ names, layers: [base, top], ...some });
const says = (kind: ErrorKind, message: string) => (thrown: unknown): boolean => {
  assert.ok(isKind(thrown, kind), String(thrown));
  assert.equal(thrown.message, message);
  return true;
};
const sure = { force: true, noPrune: false };
const unsure = { force: false, noPrune: false };

test('an image is found by name, id and prefix, and what is missing is said in Docker\'s words', async () => {
  await using it = await storeUnderTest();
  assert.deepEqual(await it.load(dockerArchive([image(['web:1', 'localhost:5000/web:2'])])), ['web:1', 'localhost:5000/web:2']);
  const { id, repoTags, sizeBytes, chainId, diffIds, history } = it.store.get('web:1');
  assert.deepEqual(repoTags, ['web:1', 'localhost:5000/web:2']);
  assert.equal(sizeBytes, 'shell'.length + 'configuration'.length);
  assert.deepEqual([chainId, diffIds], [digestOf(`${digestOf(base)} ${digestOf(top)}`), [digestOf(base), digestOf(top)]]);
  assert.deepEqual(history.map((each) => [each.createdBy, each.sizeBytes]), [['step 0', 5], ['step 1', 13]]);
  for (const ref of [id, id.slice(7), id.slice(7, 19), id.slice(0, 10), 'docker.io/library/web:1', `localhost:5000/web:2`]) assert.equal(it.store.get(ref).id, id, ref);
  assert.throws(() => it.store.get('nope'), says('not-found', 'No such image: nope:latest'));
  assert.throws(() => it.store.get('web'), says('not-found', 'No such image: web:latest'));
  assert.throws(() => it.store.get('sha256:00'), says('not-found', 'No such image: sha256:00'));
  assert.throws(() => it.store.get(`sha256:${'0'.repeat(64)}`), says('not-found', `No such image: sha256:${'0'.repeat(64)}`));
  assert.throws(() => it.store.get('BAD'), says('invalid', 'invalid reference format: repository name (library/BAD) must be lowercase'));
  assert.equal(it.store.find('BAD'), undefined);
  assert.deepEqual(it.events, [`load ${id}`]);
  assert.deepEqual(it.store.history('web:1').map((step) => [step.id, step.createdBy, step.tags]), [[id, 'step 1', ['web:1', 'localhost:5000/web:2']], ['<missing>', 'step 0', []]]);
});

test('images and names are there for the next engine', async () => {
  await using first = await storeUnderTest();
  await first.load(dockerArchive([image(['web:1'])]));
  first.store.tag('web:1', 'copy', '');
  await using second = await storeUnderTest(first.root);
  assert.deepEqual(second.store.get('copy'), first.store.get('web:1'));
  assert.deepEqual(second.store.get('copy').repoTags, ['copy:latest', 'web:1']);
});

test('a name moves to the image that it is given to, and odd names are refused', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['a:1']), { names: ['b:1'], layers: [base] }]));
  it.store.tag('a:1', 'b', '1');
  assert.equal(it.store.get('b:1').id, it.store.get('a:1').id);
  assert.equal(it.store.list({ all: false, filters: new Map([['dangling', ['true']]]) }).length, 1);
  assert.ok(it.events.includes('tag b:1'));
  assert.throws(() => it.store.tag('nope', 'x', 'y'), says('not-found', 'No such image: nope:latest'));
  assert.throws(() => it.store.tag('a:1', 'a', 'b@d'), says('invalid', 'invalid tag format'));
  assert.throws(() => it.store.tag('a:1', `a@sha256:${'0'.repeat(64)}`, ''), says('invalid', 'cannot import digest reference'));
  assert.throws(() => it.store.tag('a:1', 'A', 'b'), says('invalid', 'invalid reference format: repository name (library/A) must be lowercase'));
});

test('the last name takes the image along, layers and blobs too', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['web:1', 'web:2']), { names: ['base:1'], layers: [base] }]));
  const { id, chainId } = it.store.get('web:1');
  const baseId = it.store.get('base:1').id;
  assert.deepEqual(await it.store.remove('web:1', unsure), [{ untagged: 'web:1' }]);
  assert.deepEqual(await it.store.remove('web:2', unsure), [{ untagged: 'web:2' }, { deleted: id }, { deleted: chainId }]);
  assert.deepEqual(await it.left(), { blobs: 3, layers: 1 }, 'the other image keeps its configuration, manifest and layer');
  assert.deepEqual(await it.store.remove(baseId, unsure), [{ untagged: 'base:1' }, { deleted: baseId }, { deleted: digestOf(base) }]);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
  assert.deepEqual(it.events.slice(2), [`untag ${id}`, `untag ${id}`, `delete ${id}`, `untag ${baseId}`, `delete ${baseId}`]);
  await assert.rejects(it.store.remove('nope:tag', unsure), says('not-found', 'No such image: nope:tag'));
});

test('an image in use is kept, in Docker\'s words', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['bb:latest', 'x:y'])]));
  const { id } = it.store.get('bb');
  const short = id.slice(7, 19);
  it.users.set(id, [{ id: 'e222714156b7ecbb347d', name: 'c', running: false }]);
  assert.deepEqual(await it.store.remove('x:y', unsure), [{ untagged: 'x:y' }]);
  await assert.rejects(it.store.remove('bb', unsure), says('conflict', `conflict: unable to remove repository reference "bb" (must force) - container e222714156b7 is using its referenced image ${short}`));
  await assert.rejects(it.store.remove(id, unsure), says('conflict', `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container e222714156b7`));
  it.store.tag('bb', 'other', '1');
  it.users.delete(id);
  await assert.rejects(it.store.remove(id, unsure), says('conflict', `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`));
  it.users.set(id, [{ id: 'bc85fcf7d0b39fc2', name: 'c', running: true }]);
  await assert.rejects(it.store.remove(id, sure), says('conflict', `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container bc85fcf7d0b3`));
  await it.store.remove('other:1', unsure);
  assert.deepEqual(await it.store.remove('bb', sure), [{ untagged: 'bb:latest' }], 'the image stays for the container that runs');
  assert.equal(it.store.get(id).repoTags.length, 0);
});

test('a forced removal by id takes every name; layers that a container stands on stay', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['a:1', 'b:1'])]));
  const { id, chainId } = it.store.get('a:1');
  await it.snapshots.prepare('c', chainId);
  it.users.set(id, [{ id: 'c', name: 'c', running: false }]);
  assert.deepEqual(await it.store.remove(id, sure), [{ untagged: 'a:1' }, { untagged: 'b:1' }, { deleted: id }]);
  assert.equal((await it.left()).layers, 2);
  await it.snapshots.remove('c');
  await it.store.garbage.collect(0);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
});

test('filters choose as Docker\'s do', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([
    image(['old:1'], { created: '2020-01-01T00:00:00Z' }),
    image(['new:1', 'new:2', 'my/new:1'], { created: '2024-01-01T00:00:00Z', labels: { tier: 'web' }, layers: [base] }),
    image([], { created: '2022-01-01T00:00:00Z', layers: [top] }),
  ]));
  const list = (filters: Record<string, string[]>, all = false): (string | undefined)[] => it.store.list({ all, filters: new Map(Object.entries(filters)) }).map(({ repoTags }) => repoTags.join(' '));
  assert.deepEqual(list({}), ['new:1 new:2 my/new:1', '', 'old:1']);
  assert.deepEqual(list({ dangling: ['true'] }), ['']);
  assert.deepEqual(list({ dangling: ['0'] }), ['new:1 new:2 my/new:1', 'old:1']);
  assert.deepEqual(list({ reference: ['n*:1'] }), ['new:1']);
  assert.deepEqual(list({ reference: ['new'] }), ['new:1 new:2']);
  assert.deepEqual(list({ reference: ['*/new', 'o[a-l]d'] }), ['my/new:1', 'old:1']);
  assert.deepEqual(list({ before: ['new:1'] }), ['', 'old:1']);
  assert.deepEqual(list({ since: ['old:1'] }), ['new:1 new:2 my/new:1', '']);
  assert.deepEqual(list({ label: ['tier'] }), ['new:1 new:2 my/new:1']);
  assert.deepEqual(list({ label: ['tier=db'] }), []);
  assert.deepEqual(list({ until: ['2021-01-01'] }), ['old:1']);
  assert.throws(() => list({ bogus: ['1'] }), says('invalid', "invalid filter 'bogus'"));
  assert.throws(() => list({ dangling: ['maybe'] }), says('invalid', "invalid filter 'dangling=[maybe]'"));
  assert.throws(() => list({ before: ['nope'] }), says('not-found', 'No such image: nope:latest'));
  assert.throws(() => list({ until: ['xx'] }), says('internal', 'failed to parse value as time or duration: "xx"'));
  assert.throws(() => list({ reference: ['['] }), says('invalid', 'syntax error in pattern'));
});

test('prune takes what has no name, or all that is not in use', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['used:1']), image(['idle:1'], { layers: [base] }), image([], { layers: [top] })]));
  it.users.set(it.store.get('used:1').id, [{ id: 'c', name: 'c', running: false }]);
  const idle = it.store.get('idle:1').id;
  const first = await it.store.prune(new Map());
  assert.equal(first.removed.length, 2);
  assert.ok(first.reclaimedBytes >= 'configuration'.length);
  const second = await it.store.prune(new Map([['dangling', ['false']]]));
  assert.deepEqual(second.removed, [{ untagged: 'idle:1' }, { deleted: idle }]);
  assert.deepEqual(it.store.list({ all: true, filters: new Map() }).map(({ repoTags }) => repoTags), [['used:1']]);
  await assert.rejects(it.store.prune(new Map([['bogus', ['1']]])), says('invalid', "invalid filter 'bogus'"));
  assert.match(it.events.at(-1) ?? '', /^prune /);
});

test('a saved archive loads again with the same ids, names and digests', async () => {
  await using it = await storeUnderTest();
  const packed = gzipSync(top);
  await it.load(dockerArchive([image(['web:1', 'web:2']), { names: ['packed:1'], layers: [packed], diffIds: [digestOf(top)] }]));
  const saved = await it.save('web', 'packed:1');
  assert.deepEqual(await it.save('web', 'packed:1'), saved);
  await using other = await storeUnderTest();
  assert.deepEqual(await other.load(saved), ['web:1', 'web:2', 'packed:1']);
  for (const name of ['web:1', 'packed:1']) assert.equal(other.store.get(name).id, it.store.get(name).id);
  assert.deepEqual(await other.save('web', 'packed:1'), saved);
  const { id } = it.store.get('web:1');
  await using third = await storeUnderTest();
  assert.deepEqual(await third.load(zstdCompressSync(await it.save(id.slice(7, 19)))), [id], 'an id is saved without names');
});

test('what cannot be saved is said before the first byte', async () => {
  await using it = await storeUnderTest();
  await it.load(dockerArchive([image(['web:1'])]));
  await assert.rejects(it.save('nope'), says('not-found', 'No such image: nope'));
  await assert.rejects(it.save('web:1', 'nope:1'), says('not-found', 'reference does not exist'));
  await assert.rejects(it.save(`sha256:${'0'.repeat(64)}`), says('not-found', `No such image: sha256:${'0'.repeat(64)}`));
});

test('a collection spares what is young, and what an operation holds', async () => {
  await using it = await storeUnderTest();
  const blob = await it.content.put(Buffer.from('of a killed pull'));
  await it.store.sweep();
  assert.ok(it.content.has(blob.digest));
  {
    using lease = it.leases.take();
    lease.protect(blob.digest);
    await it.store.garbage.collect(0);
    assert.ok(it.content.has(blob.digest));
  }
  await it.store.garbage.collect(0);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
});


test('loads, saves and removals of the same image at the same time leave a whole store', async () => {
  await using it = await storeUnderTest();
  const archive = dockerArchive([image(['web:1'], { layers: [gzipSync(base), gzipSync(top)], diffIds: [digestOf(base), digestOf(top)] })]);
  const calm = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((thrown: unknown) => {
      if (!isKind(thrown, 'not-found') && !isKind(thrown, 'conflict')) throw thrown;
    });
  await it.load(archive);
  const saved = await it.save('web:1');
  const turns = Array.from({ length: 24 }, (_, turn) => {
    if (turn % 4 === 0) return calm(it.store.remove('web:1', sure));
    if (turn % 4 === 1) return calm(it.save('web:1'));
    return it.load(turn % 4 === 2 ? archive : saved);
  });
  await Promise.all(turns);
  await it.load(archive);
  assert.deepEqual((await it.save('web:1')).length, saved.length);
  await it.store.remove('web:1', sure);
  await it.store.garbage.collect(0);
  assert.deepEqual(await it.left(), { blobs: 0, layers: 0 });
});
