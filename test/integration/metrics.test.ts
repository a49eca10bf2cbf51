// `/metrics` on the API's socket.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { busybox, dockerOk, eventually, removing, run } from '../support/commands.ts';

before(busybox);

const SOCKET = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');

async function scrape(): Promise<{ head: string; lines: readonly string[] }> {
  const { stdout } = await run('curl', ['-sS', '-i', '--max-time', '10', '--unix-socket', SOCKET, 'http://onggi/metrics']);
  const [head = '', body = ''] = stdout.split('\r\n\r\n');
  return { head, lines: body.split('\n') };
}

/** The value of the one line with this name and all of these labels. */
function valueOf(lines: readonly string[], name: string, ...labels: readonly string[]): number {
  const found = lines.filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && labels.every((label) => line.includes(label)));
  assert.equal(found.length, 1, `${name} ${labels.join(' ')}: ${found.join('\n')}`);
  return Number(found[0]?.slice(found[0].lastIndexOf(' ') + 1));
}

test('engine, containers, images and logs are told in the text format of Prometheus', async () => {
  await using _gone = removing('measured', 'stopped');
  await dockerOk('run', '-d', '--name', 'measured', '-m', '64m', 'busybox', 'sh', '-c', 'echo hello; while :; do :; done');
  await dockerOk('create', '--name', 'stopped', 'busybox', 'true');
  const { head, lines } = await eventually('the log', async () => {
    const found = await scrape();
    return valueOf(found.lines, 'onggi_container_log_bytes', 'name="measured"') > 0 ? found : undefined;
  });
  assert.match(head, /^HTTP\/1\.1 200 OK/);
  assert.match(head, /content-type: text\/plain; version=0\.0\.4; charset=utf-8/i);
  for (const line of lines) assert.match(line, /^$|^# (HELP|TYPE) [a-z_]+ .+$|^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.e]+$/);
  assert.equal(valueOf(lines, 'engine_daemon_container_states_containers', 'state="running"'), 1);
  assert.equal(valueOf(lines, 'engine_daemon_container_states_containers', 'state="stopped"'), 1);
  assert.ok(valueOf(lines, 'onggi_images') >= 1);
  assert.ok(valueOf(lines, 'onggi_image_layer_bytes') > 100_000);
  assert.ok(valueOf(lines, 'engine_daemon_events_total') >= 2);
  assert.equal(valueOf(lines, 'onggi_container_memory_limit_bytes', 'name="measured"'), 64 << 20);
  assert.ok(valueOf(lines, 'onggi_container_network_receive_bytes_total', 'name="measured"', 'interface="eth0"') >= 0);
  assert.equal(valueOf(lines, 'onggi_container_log_files', 'name="stopped"'), 0);
  assert.equal(lines.filter((line) => line.startsWith('onggi_container_pids{')).length, 1, 'only what runs');
  assert.equal(valueOf(lines, 'onggi_metrics_failures_total'), 0);
  const used = valueOf(lines, 'onggi_container_cpu_seconds_total', 'name="measured"');
  await eventually('more processor time', async () => (valueOf((await scrape()).lines, 'onggi_container_cpu_seconds_total', 'name="measured"') > used ? true : undefined));
});
