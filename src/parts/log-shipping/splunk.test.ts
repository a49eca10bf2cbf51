import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { entry } from '#parts/logs/testing.ts';
import { checkLogDriver, verifyLogging } from './log-drivers.ts';
import { type TestReceiver, shipperContract } from './shipper.contract.ts';
import { splunk } from './splunk.ts';
import { SUBJECT } from './testing.ts';

interface Event {
  readonly event: string | { readonly line: unknown };
}

/** An event collector as Splunk documents it: a token, OPTIONS to look, POST of JSON objects one behind the other. */
class Collector implements TestReceiver {
  readonly lines: string[] = [];
  readonly events: Event[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  #server: Server | undefined;
  port = 0;

  static async listen(): Promise<Collector> {
    const collector = new Collector();
    await collector.comeBack();
    return collector;
  }

  async comeBack(): Promise<void> {
    const server = createServer((request, response) => {
      void (async () => {
        const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
        const good = request.headers.authorization === 'Splunk secret' && request.url === '/services/collector/event/1.0';
        response.writeHead(good ? 200 : 403, { 'Content-Type': 'application/json' });
        if (good && request.method === 'POST') this.#take(request, body);
        response.end(good ? '{"text":"Success","code":0}' : '{"text":"Invalid token","code":4}');
      })();
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #take(request: IncomingMessage, body: Buffer): void {
    this.headers.push(request.headers);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const events = JSON.parse(`[${text.replaceAll('}{"event":', '},{"event":')}]`) as Event[];
    this.events.push(...events);
    this.lines.push(...events.map(({ event }) => (typeof event === 'string' ? event : String(event.line))));
  }

  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }
}

const optionsFor = ({ port }: { readonly port: number }, more: Record<string, string> = {}): Record<string, string> =>
  ({ 'splunk-url': `http://127.0.0.1:${port}`, 'splunk-token': 'secret', ...more });

for (const zip of ['false', 'true']) {
  shipperContract({
    name: `splunk, gzip ${zip}`,
    receiver: () => Collector.listen(),
    shipper: (receiver) => splunk.open(optionsFor(receiver as Collector, { 'splunk-gzip': zip }), SUBJECT),
  });
}

test('events have the fields that dockerd gives, in each format', async () => {
  await using collector = await Collector.listen();
  const lines = [entry('{"a":1}\n', { time: '2026-01-02T03:04:05.123456789Z' }), entry('  \n', { source: 'stderr' }), entry('text\n', { source: 'stderr', time: '2026-01-02T03:04:05Z' })];
  const send = async (more: Record<string, string>): Promise<unknown[]> => {
    collector.events.length = 0;
    await using shipper = splunk.open(optionsFor(collector, { 'splunk-source': 's', 'splunk-sourcetype': 't', 'splunk-index': 'i', tag: '{{.Name}}', labels: 'tier', ...more }), SUBJECT);
    await shipper.ship(lines, AbortSignal.timeout(5000));
    return collector.events;
  };
  const base = { host: 'host1', source: 's', sourcetype: 't', index: 'i' };
  const inline = { tag: 'web', attrs: { tier: 'front' } };
  const times = ['1767323045.123456', '1704153600.000000', '1767323045.000000'];
  assert.deepEqual(await send({}), [
    { event: { line: '{"a":1}', source: 'stdout', ...inline }, time: times[0], ...base },
    { event: { line: '  ', source: 'stderr', ...inline }, time: times[1], ...base },
    { event: { line: 'text', source: 'stderr', ...inline }, time: times[2], ...base },
  ]);
  const [embedded] = await send({ 'splunk-format': 'json' });
  assert.deepEqual(embedded, { event: { line: { a: 1 }, source: 'stdout', ...inline }, time: times[0], ...base });
  assert.deepEqual(await send({ 'splunk-format': 'raw', 'splunk-index-acknowledgment': 'true' }), [
    { event: 'web tier=front {"a":1}', time: times[0], ...base },
    { event: 'web tier=front text', time: times[2], ...base },
  ]);
  assert.match(String(collector.headers.at(-1)?.['x-splunk-request-channel']), /^[0-9a-f-]{36}$/);
});

test('a start asks the collector, unless told not to', async () => {
  await using collector = await Collector.listen();
  await verifyLogging('splunk', optionsFor(collector), SUBJECT);
  await assert.rejects(verifyLogging('splunk', optionsFor(collector, { 'splunk-token': 'wrong' }), SUBJECT), /splunk: failed to verify connection - 403 - .*Invalid token/);
  await collector.goAway();
  await assert.rejects(verifyLogging('splunk', optionsFor(collector), SUBJECT), {
    message: `failed to create task for container: failed to initialize logging driver: Options "http://127.0.0.1:${collector.port}/services/collector/event/1.0": dial tcp 127.0.0.1:${collector.port}: connect: connection refused`,
  });
  await verifyLogging('splunk', optionsFor(collector, { 'splunk-verify-connection': 'false' }), SUBJECT);
});

test('what create and start refuse of splunk is in the words of dockerd', async () => {
  assert.throws(() => checkLogDriver('splunk', { x: 'y' }), { kind: 'invalid', message: "unknown log opt 'x' for splunk log driver" });
  checkLogDriver('splunk', {});
  const whole = { 'splunk-url': 'http://127.0.0.1:1', 'splunk-token': 't' };
  const format = 'splunk: expected format scheme://dns_name_or_ip:port for splunk-url';
  const bool = 'strconv.ParseBool: parsing "maybe": invalid syntax';
  const cases: readonly [Record<string, string>, string][] = [
    [{}, 'splunk: splunk-url is expected'],
    [{ 'splunk-token': 't' }, 'splunk: splunk-url is expected'],
    [{ 'splunk-url': 'http://127.0.0.1:1' }, 'splunk: splunk-token is expected'],
    ...['foo', 'http://127.0.0.1:1/path', 'http://127.0.0.1:1?x=y', 'ftp://127.0.0.1:1'].map((url): [Record<string, string>, string] => [{ ...whole, 'splunk-url': url }, format]),
    [{ ...whole, 'splunk-format': 'foo' }, 'unknown format specified foo, supported formats are inline, json and raw'],
    [{ ...whole, 'splunk-verify-connection': 'maybe' }, bool],
    [{ ...whole, 'splunk-gzip': 'maybe' }, bool],
    [{ ...whole, 'splunk-gzip': 'true', 'splunk-gzip-level': '10' }, "not supported level '10' for splunk-gzip-level (supported values between -1 and 9)"],
    [{ ...whole, 'splunk-gzip': 'true', 'splunk-gzip-level': 'abc' }, 'strconv.ParseInt: parsing "abc": invalid syntax'],
    [{ ...whole, 'splunk-insecureskipverify': 'maybe' }, bool],
    [{ ...whole, 'splunk-index-acknowledgment': 'maybe' }, bool],
    [{ ...whole, 'splunk-capath': '/nope' }, 'open /nope: no such file or directory'],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(verifyLogging('splunk', options, SUBJECT), { message: `failed to create task for container: failed to initialize logging driver: ${message}` });
  }
});
