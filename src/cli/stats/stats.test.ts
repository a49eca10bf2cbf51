import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEngine, sendJson } from '#client/testing.ts';
import { dispatch } from '../dispatch.ts';
import { FakeConsole } from '../testing.ts';

const ID = 'a'.repeat(64);

function sample(usage: number): object {
  return {
    name: '/web', id: ID,
    cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 2 },
    precpu_stats: { cpu_usage: { total_usage: 100 }, system_cpu_usage: 1000 },
    memory_stats: { usage, limit: 100 << 20, stats: { inactive_file: 0 } },
    pids_stats: { current: 3 },
    networks: { eth0: { rx_bytes: 1000, tx_bytes: 10 } },
    blkio_stats: { io_service_bytes_recursive: [{ op: 'Write', value: 8192 }] },
  };
}

/** An engine with one container, `web`; `streams` are the samples that a stream sends before the container is removed. */
async function engineOf(streams: readonly object[] = []): Promise<FakeEngine> {
  return await FakeEngine.start(async ({ path, query }, response) => {
    if (path === '/containers/json') sendJson(response, 200, [{ Id: ID }]);
    else if (path === '/containers/gone/stats') sendJson(response, 404, { message: 'No such container: gone' });
    else if (!path.endsWith('/stats')) return false;
    else if (query.get('stream') === 'false' || query.get('stream') === '0') sendJson(response, 200, sample(1 << 20));
    else {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      for (const one of streams) {
        response.write(`${JSON.stringify(one)}\n`);
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
      response.end();
    }
    return true;
  });
}

async function play(engine: FakeEngine, argv: readonly string[], terminal = false): Promise<{ code: number; console: FakeConsole }> {
  const console = new FakeConsole({ env: { ONGGI_HOST: engine.address, HOME: '/nonexistent' }, ...(terminal && { terminal: { rows: 20, columns: 100 } }) });
  return { code: await dispatch(argv, console), console };
}

const TABLE = [
  'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O     BLOCK I/O     PIDS',
  'aaaaaaaaaaaa   web       40.00%    1MiB / 100MiB       1.00%     1kB / 10B   0B / 8.19kB   3',
  '',
];

test('stats --no-stream prints what each container uses, once', async () => {
  await using engine = await engineOf();
  const { code, console } = await play(engine, ['stats', '--no-stream']);
  assert.deepEqual([code, console.output.split('\n').map((line) => line.trimEnd())], [0, TABLE]);
  assert.deepEqual(engine.requests.map(({ path }) => path).filter((path) => path !== '/_ping'), ['/containers/json', `/containers/${ID}/stats`]);
});

test('a name that is not there ends it, with nothing printed', async () => {
  await using engine = await engineOf();
  const { code, console } = await play(engine, ['stats', '--no-stream', 'web', 'gone']);
  assert.deepEqual([code, console.output, console.errors], [1, '', 'Error response from daemon: No such container: gone\n']);
});

test('--format has the words of docker', async () => {
  await using engine = await engineOf();
  const { console } = await play(engine, ['container', 'stats', '--no-stream', '--format', '{{.Container}} {{.Name}} {{.CPUPerc}} {{.PIDs}}', 'web']);
  assert.equal(console.output, 'web web 40.00% 3\n');
});

test('on a terminal the table is drawn over the last one, and ends with its containers', async () => {
  await using engine = await engineOf([sample(1 << 20), sample(2 << 20)]);
  const { code, console } = await play(engine, ['stats', '--format', '{{.MemUsage}}', 'web'], true);
  assert.equal(code, 0);
  assert.ok(console.output.startsWith('\u001B[H1MiB / 100MiB\u001B[K\n\u001B[J\u001B[H'));
  assert.ok(console.output.includes('\u001B[H2MiB / 100MiB\u001B[K\n\u001B[J'));
});

test('elsewhere it goes on line by line, without control characters', async () => {
  await using engine = await engineOf([sample(1 << 20), sample(2 << 20)]);
  const { console } = await play(engine, ['stats', '--format', '{{.MemUsage}}', 'web']);
  assert.match(console.output, /^1MiB \/ 100MiB\n2MiB \/ 100MiB\n/);
});

test('containers that come and go do so on the screen; the engine\'s end ends it', async () => {
  await using engine = await FakeEngine.start(async ({ path }, response) => {
    if (path === '/containers/json') sendJson(response, 200, []);
    else if (path === '/events') {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write(`${JSON.stringify({ Type: 'container', Action: 'start', Actor: { ID, Attributes: {} }, time: 1, timeNano: 1 })}\n`);
      setTimeout(() => response.end(), 1200);
    } else if (path.endsWith('/stats')) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write(`${JSON.stringify(sample(1 << 20))}\n`);
    } else return false;
    return true;
  });
  const { code, console } = await play(engine, ['stats', '--format', '{{.Name}}'], true);
  assert.equal(code, 0);
  assert.ok(console.output.includes('\u001B[Hweb\u001B[K\n\u001B[J'));
});
