// `stats`: the API's answers and both command lines.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { StatsResponse } from '../../src/protocol/stats.ts';
import { busybox, docker, dockerOk, eventually, onggi, onggiOk, removing, run } from '../support/commands.ts';

before(busybox);

const SOCKET = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');

async function ask(path: string): Promise<{ status: string; body: string }> {
  const { stdout } = await run('curl', ['-sS', '-i', '--max-time', '10', '--unix-socket', SOCKET, `http://onggi/v1.51${path}`]);
  const [head = '', body = ''] = stdout.split('\r\n\r\n');
  return { status: head.split(' ')[1] ?? '', body };
}

const statsOf = async (name: string, query: string): Promise<StatsResponse> => JSON.parse((await ask(`/containers/${name}/stats?${query}`)).body) as StatsResponse;

test('one answer has every field of dockerd, with what the kernel counts', async () => {
  await using _gone = removing('busy');
  await dockerOk('run', '-d', '--name', 'busy', '-m', '64m', '--pids-limit', '20', 'busybox', 'sh', '-c', 'dd if=/dev/zero of=/f bs=1M count=4; sync; while :; do :; done');
  await eventually('the write', async () => ((await docker('exec', 'busy', 'test', '-s', '/f')).code === 0 ? true : undefined));
  const stats = await statsOf('busy', 'stream=false');
  assert.deepEqual(Object.keys(stats), [
    'name', 'id', 'read', 'preread', 'pids_stats', 'blkio_stats', 'num_procs', 'storage_stats', 'cpu_stats', 'precpu_stats', 'memory_stats', 'networks',
  ]);
  assert.equal(stats.name, '/busy');
  assert.equal(stats.pids_stats.limit, 20);
  assert.ok((stats.pids_stats.current ?? 0) >= 1);
  assert.equal(stats.memory_stats.limit, 64 << 20);
  assert.ok((stats.memory_stats.usage ?? 0) > 0);
  const waited = Date.parse(stats.read) - Date.parse(stats.preread);
  assert.ok(waited >= 900 && waited < 5000, `${waited} ms`);
  const used = stats.cpu_stats.cpu_usage.total_usage - stats.precpu_stats.cpu_usage.total_usage;
  assert.ok(used > 50e6, `${used} ns of a busy loop`);
  assert.ok((stats.cpu_stats.system_cpu_usage ?? 0) > (stats.precpu_stats.system_cpu_usage ?? 0));
  assert.ok((stats.cpu_stats.online_cpus ?? 0) >= 1);
  assert.ok((stats.networks?.['eth0']?.rx_bytes ?? -1) >= 0);
  assert.equal(stats.networks?.['lo'], undefined);
});

test('what goes over the network is counted, in the container\'s namespace alone', async () => {
  await using _gone = removing('netted', 'hosted', 'alone', 'shared');
  await dockerOk('run', '-d', '--name', 'netted', 'busybox', 'sleep', '100');
  await dockerOk('run', '-d', '--name', 'shared', '--network', 'container:netted', 'busybox', 'sleep', '100');
  await dockerOk('run', '-d', '--name', 'hosted', '--network', 'host', 'busybox', 'sleep', '100');
  await dockerOk('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '100');
  const first = (await statsOf('netted', 'stream=false&one-shot=true')).networks?.['eth0'];
  await dockerOk('exec', 'netted', 'sh', '-c', 'for i in 1 2 3; do ping -c 1 -W 1 $(ip route | sed -n "s/^default via \\([^ ]*\\).*/\\1/p"); done; true');
  const after = await statsOf('netted', 'stream=false&one-shot=true');
  assert.ok((after.networks?.['eth0']?.tx_bytes ?? 0) >= (first?.tx_bytes ?? 0) + 3 * 84);
  assert.equal((await statsOf('shared', 'stream=0&one-shot=1')).networks?.['eth0']?.tx_bytes, after.networks?.['eth0']?.tx_bytes);
  assert.equal((await statsOf('hosted', 'stream=0&one-shot=1')).networks, undefined);
  assert.equal((await statsOf('alone', 'stream=0&one-shot=1')).networks, undefined);
});

test('a container that does not run is all zeros; what makes no sense is refused', async () => {
  await using _gone = removing('still');
  const id = await dockerOk('create', '--name', 'still', 'busybox', 'true');
  const nothing = '"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}';
  assert.equal((await ask('/containers/still/stats?stream=false')).body,
    `{"name":"/still","id":"${id}","read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{},"blkio_stats":{"io_service_bytes_recursive":null,` +
    '"io_serviced_recursive":null,"io_queue_recursive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":null,' +
    `"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_stats":{${nothing}},"precpu_stats":{${nothing}},"memory_stats":{}}\n`);
  assert.deepEqual(await ask('/containers/nope/stats'), { status: '404', body: '{"message":"No such container: nope"}\n' });
  assert.deepEqual(await ask('/containers/still/stats?one-shot=1'), { status: '400', body: '{"message":"cannot have stream=true and one-shot=true"}\n' });
});

test('a stream tells more each second and ends with the container', async () => {
  await dockerOk('run', '-d', '--name', 'streamed', 'busybox', 'sleep', '100');
  const stream = ask('/containers/streamed/stats');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await dockerOk('rm', '-f', 'streamed');
  const samples = (await stream).body.trim().split('\n').map((line) => JSON.parse(line) as StatsResponse);
  assert.ok(samples.length >= 3, `${samples.length} samples`);
  assert.equal(samples[0]?.preread, '0001-01-01T00:00:00Z');
  assert.equal(samples[1]?.preread, samples[0]?.read);
});

test('both command lines show the same table', async () => {
  await using _gone = removing('shown', 'asleep');
  const id = await dockerOk('run', '-d', '--name', 'shown', '-m', '100m', 'busybox', 'sleep', '100');
  await dockerOk('create', '--name', 'asleep', 'busybox', 'true');
  const format = ['--no-stream', '--format', '{{.ID}} {{.Name}} {{.PIDs}} {{.MemUsage}}'];
  const both = await Promise.all([dockerOk('stats', ...format), onggiOk('stats', ...format)]);
  assert.match(both[0], new RegExp(`^${id.slice(0, 12)} shown 1 .* / 100MiB$`));
  // what it holds at each moment is the kernel's
  const [theirs, ours] = both.map((line) => line.replace(/[\d.]+[KM]iB \//, '/'));
  assert.equal(ours, theirs);
  const tables = await Promise.all([dockerOk('stats', '--no-stream', 'asleep'), onggiOk('stats', '--no-stream', 'asleep')]);
  assert.equal(tables[1], tables[0]);
  assert.match(tables[1], /0\.00% +0B \/ 0B +0\.00% +0B \/ 0B +0B \/ 0B +0$/);
  assert.equal((await onggiOk('stats', '-a', '--no-stream', '--format', '{{.Name}}')).split('\n').length, (await dockerOk('ps', '-aq')).split('\n').length);
  const missing = await onggi('stats', '--no-stream', 'shown', 'nope');
  assert.deepEqual(missing, await docker('stats', '--no-stream', 'shown', 'nope'));
  assert.equal(missing.code, 1);
});
