import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { fake, readAll, testApi } from '#api/testing.ts';
import type { Containers, LogStream, WaitResult } from '#engine/containers/containers.ts';
import type { LogEntry, LogQuery } from '#parts/logs/log-entry.ts';
import { frame } from '#protocol/stdcopy.ts';

function entry(source: LogEntry['source'], text: string, attrs?: Record<string, string>): LogEntry {
  return { source, time: '2026-11-22T06:04:22.17891Z', line: Buffer.from(text), attrs };
}

function logsOf(stream: LogStream, queries: LogQuery[] = []): Containers {
  return fake<Containers>({
    logs: (_ref, query) => {
      queries.push(query);
      return Promise.resolve(stream);
    },
  });
}

async function* batches(...all: readonly (readonly LogEntry[])[]): AsyncGenerator<readonly LogEntry[]> {
  for (const batch of all) {
    yield batch;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('logs come framed, with times and details in front', async () => {
  const entries = (): LogStream => ({ tty: false, entries: batches([entry('stdout', 'hi\n', { l: '1', E: 'a b' })], [entry('stderr', 'err\n')]) });
  const queries: LogQuery[] = [];
  await using api = await testApi({ containers: logsOf(entries(), queries) });
  const reply = await api.ask('GET', '/v1.43/containers/x/logs?stdout=1&stderr=1&timestamps=1&details=1&tail=5&since=1.5&until=0&follow=1');
  assert.equal(reply.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  assert.equal(
    reply.body.toString('latin1'),
    '\x01\0\0\0\0\0\0\x2c2026-11-22T06:04:22.178910000Z E=a+b,l=1 hi\n\x02\0\0\0\0\0\0\x242026-11-22T06:04:22.178910000Z  err\n',
  );
  assert.deepEqual(queries, [{ stdout: true, stderr: true, follow: true, tail: 5, sinceNs: 1_500_000_000n, untilNs: undefined }]);
});

test('logs of a terminal are raw, and a tail that makes no sense means all', async () => {
  const queries: LogQuery[] = [];
  await using api = await testApi({ containers: logsOf({ tty: true, entries: batches([entry('stdout', 'hi\r\n')]) }, queries) });
  const reply = await api.ask('GET', '/containers/x/logs?stdout=1&tail=abc');
  assert.equal(reply.headers['content-type'], 'application/vnd.docker.raw-stream');
  assert.equal(reply.text, 'hi\r\n');
  assert.equal(queries[0]?.tail, undefined);
});

test('logs need a stream to be chosen and times that can be read', async () => {
  await using api = await testApi({});
  assert.deepEqual((await api.ask('GET', '/containers/x/logs')).json(), { message: 'Bad parameters: you must choose at least one stream' });
  const since = await api.ask('GET', '/containers/x/logs?stdout=1&since=abc');
  assert.equal(since.status, 500);
  assert.deepEqual(since.json(), { message: 'strconv.ParseInt: parsing "abc": invalid syntax' });
});

test('a log that breaks in the middle says so in a frame of its own', async () => {
  async function* broken(): AsyncGenerator<readonly LogEntry[]> {
    yield [entry('stdout', 'hi\n')];
    await new Promise((resolve) => setImmediate(resolve));
    throw new EngineError('internal', 'the disk is gone');
  }
  await using api = await testApi({ containers: logsOf({ tty: false, entries: broken() }) });
  const reply = await api.ask('GET', '/containers/x/logs?stdout=1');
  const text = 'Error grabbing logs: the disk is gone\n\n';
  assert.deepEqual(reply.body, Buffer.concat([frame('stdout', Buffer.from('hi\n')), frame('system', Buffer.from(text))]));
});

test('wait sends its headers before the end, and the end with its code', async () => {
  const done = Promise.withResolvers<WaitResult>();
  const conditions: string[] = [];
  const containers = fake<Containers>({
    wait: (_ref, condition) => {
      conditions.push(condition);
      return Promise.resolve({ done: done.promise });
    },
  });
  await using api = await testApi({ containers });
  const socket = await api.connect('POST /v1.43/containers/x/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1\.1 200 OK\r\n[^{]*$/);
  done.resolve({ exitCode: 3, error: undefined });
  assert.match(await readAll(socket), /\{"StatusCode":3\}\n/);
  assert.deepEqual(conditions, ['next-exit']);
});

test('wait knows its conditions, and knew none before API 1.30', async () => {
  const containers = fake<Containers>({ wait: () => Promise.resolve({ done: Promise.resolve({ exitCode: 1, error: 'gone' }) }) });
  await using api = await testApi({ containers });
  const bogus = await api.ask('POST', '/containers/x/wait?condition=bogus');
  assert.equal(bogus.status, 400);
  assert.deepEqual(bogus.json(), { message: 'invalid condition: "bogus"' });
  const old = await api.ask('POST', '/v1.29/containers/x/wait?condition=bogus');
  assert.equal(old.headers['content-length'], '44');
  assert.equal(old.text, '{"Error":{"Message":"gone"},"StatusCode":1}\n');
});
