import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClient } from '#client/engine-client.ts';
import { FakeEngine, sendJson } from '#client/testing.ts';
import { candidates } from './candidates.ts';

async function offered(...words: string[]): Promise<string[]> {
  await using engine = await FakeEngine.start((request, response) => {
    const answers: Readonly<Record<string, unknown>> = {
      '/containers/json': request.query.has('all') ? [{ Names: ['/web'] }, { Names: ['/db'] }] : [{ Names: ['/web'] }],
      '/images/json': [{ RepoTags: ['nginx:latest'] }, { RepoTags: ['<none>:<none>'] }],
      '/networks': [{ Name: 'bridge' }],
      '/volumes': { Volumes: [{ Name: 'data' }] },
    };
    sendJson(response, 200, answers[request.path] ?? []);
  });
  return (await candidates(words, new EngineClient(engine.address))).map(({ text }) => text);
}

for (const [words, expected] of [
  [['ru'], ['run']],
  [['container', 'st'], ['start', 'stats', 'stop']],
  [['--conf'], ['--config']],
  [['ps', '--la'], ['--last', '--latest']],
  [['stop', ''], ['web']],
  [['rm', 'd'], ['db']],
  [['run', 'ng'], ['nginx:latest']],
  [['run', '--network', ''], ['bridge']],
  [['run', '--network=br'], ['--network=bridge']],
  [['run', '-it', '--restart', 'on'], ['on-failure']],
  [['run', '-d', '--env-file', ''], [':files']],
  [['run', 'nginx', '--x'], [':files']],
  [['volume', 'rm', ''], ['data']],
  [['-H', 'unix:///x', 'container', 'ru'], ['run']],
  [['nonsense', ''], []],
] as const) {
  test(`onggi ${words.join(' ')}<tab> offers ${expected.join(', ') || 'nothing'}`, async () => {
    assert.deepEqual(await offered(...words), [...expected]);
  });
}

test('without an engine, names are simply not offered', async () => {
  assert.deepEqual(await candidates(['stop', ''], new EngineClient('unix:///nonexistent/sock')), []);
});
