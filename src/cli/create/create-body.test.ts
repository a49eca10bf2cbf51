import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeEngine, sendJson } from '#client/testing.ts';
import { dispatch } from '../dispatch.ts';
import { FakeConsole } from '../testing.ts';
import { differences, sampleFiles, wordsOf, type Body, type SampleFiles } from './record-create-bodies.ts';

/** What Docker's client 28.2 sent, or said instead: recorded by record-create-bodies.ts. */
type Golden = { readonly line: string; readonly body: Body } | { readonly line: string; readonly differs: Body } | { readonly line: string; readonly error: string };

const goldens = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('./create-bodies.golden.json')), 'utf8')) as readonly Golden[];
const plain = goldens[0] !== undefined && 'body' in goldens[0] ? goldens[0].body : {};

/** Where Docker's message names a thing of Docker's, or Go's, and ours says the same otherwise. */
const OWN_WORDS: Readonly<Record<string, RegExp>> = {
  '--cpu-count 2 --cpu-percent 50 --io-maxiops 5 --io-maxbandwidth 5m busybox': /./,
};

let engine: FakeEngine;
let files: SampleFiles;

before(async () => {
  files = sampleFiles();
  engine = await FakeEngine.start((request, response) => {
    if (request.path !== '/containers/create') return false;
    sendJson(response, 201, { Id: 'abc', Warnings: [] });
    return true;
  });
  process.env['HOME_OF_TEST'] = '/home/test';
  process.chdir('/');
});

after(async () => {
  await engine[Symbol.asyncDispose]();
  files[Symbol.dispose]();
});

for (const golden of goldens) {
  test(`create ${golden.line} is read as Docker's client reads it`, async () => {
    const { body, error } = await create(golden.line);
    if (OWN_WORDS[golden.line] !== undefined) return;
    if ('error' in golden) assert.equal(error, golden.error.replace(/^docker:/, 'onggi:'));
    else {
      assert.equal(error, undefined);
      assert.deepEqual(differences(body ?? {}, plain), 'differs' in golden ? golden.differs : {});
    }
  });
}

async function create(line: string): Promise<{ body?: Body; error?: string | undefined }> {
  const before = engine.requests.length;
  const console = new FakeConsole({ env: { HOME_OF_TEST: '/home/test', HOME: '/nonexistent', ONGGI_HOST: engine.address } });
  const exitCode = await dispatch(['create', ...wordsOf(line, files.path)], console);
  const sent = engine.requests.slice(before).find(({ path }) => path === '/containers/create');
  if (sent !== undefined) return { body: JSON.parse(sent.body.replaceAll(files.path, 'FILES')) as Body };
  assert.notEqual(exitCode, 0);
  return { error: console.errors.replaceAll(files.path, 'FILES').split('\n')[0] };
}
