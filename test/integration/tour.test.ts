// needs: uplink (packages for the nginx image)
// The NGINX tour of a Docker handbook, with the real docker command line: what a newcomer types first must work.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { docker, dockerOk, eventually, onggi, onggiOk, removing } from '../support/commands.ts';

before(async () => {
  if ((await onggi('image', 'inspect', 'nginx')).code !== 0) await onggiOk('bootstrap', 'nginx');
});

test('version and info: client and server answer, and name what they stand on', async () => {
  assert.match(await dockerOk('version'), /Client:[\s\S]*Server:[\s\S]*API version: +1\.\d+/);
  const info = JSON.parse(await dockerOk('info', '--format', '{{json .}}')) as Record<string, unknown>;
  assert.equal(info['Driver'], 'overlay2');
  assert.match(String(info['CgroupVersion']), /^[12]$/);
  assert.equal(info['LoggingDriver'], 'json-file');
  assert.match(String(info['DefaultRuntime']), /crun|runc/);
});

test('run -d -p: NGINX answers, ps shows the port, the log holds the request, exec is inside', async () => {
  await using _gone = removing('web');
  const id = await dockerOk('run', '-d', '-p', '8082:80', '--name', 'web', 'nginx');
  assert.match(id, /^[0-9a-f]{64}$/);
  const page = await eventually('a page', async () => {
    const answer = await fetch('http://127.0.0.1:8082/tour-page?x=1').catch(() => undefined);
    return answer && { status: answer.status, text: await answer.text() };
  });
  assert.equal(page.status, 404);
  assert.equal((await fetch('http://localhost:8082/')).status, 200);

  assert.match(await dockerOk('ps'), /nginx .*Up .*0\.0\.0\.0:8082->80\/tcp.* web/);
  assert.equal(await dockerOk('inspect', '-f', '{{.HostConfig.LogConfig.Type}}', 'web'), 'json-file');
  const logged = await eventually('the log line', async () => {
    const { stdout } = await docker('logs', 'web');
    return stdout.includes('GET /tour-page?x=1') ? stdout : undefined;
  });
  assert.match(logged, /"GET \/tour-page\?x=1 HTTP\/1\.1" 404/);
  const path = await dockerOk('inspect', '-f', '{{.LogPath}}', 'web');
  assert.ok(path.endsWith(`containers/${id}/${id}-json.log`));
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { log: string; stream: string; time: string });
  const line = lines.find(({ log }) => log.includes('GET /tour-page?x=1 HTTP/1.1" 404'));
  assert.equal(line?.stream, 'stdout');
  assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);

  assert.equal(await dockerOk('exec', 'web', 'cat', '/etc/hostname'), id.slice(0, 12));
  assert.match(await dockerOk('exec', 'web', 'sh', '-c', 'echo $0 $PATH'), /^sh .*\/usr\/bin/);
  assert.match(await dockerOk('top', 'web'), /nginx: master/);
  assert.equal(await dockerOk('stop', 'web'), 'web');
  assert.match(await dockerOk('ps', '-a', '--filter', 'name=web', '--format', '{{.Status}}'), /^Exited \(0\)/);
  assert.equal((await fetch('http://127.0.0.1:8082/').catch(() => 'refused')), 'refused');
  assert.equal(await dockerOk('rm', 'web'), 'web');
});

test('a host directory is served, limits hold in the cgroup', async () => {
  await using _gone = removing('site');
  await dockerOk('run', '-d', '--name', 'site', '-p', '8083:80', '-v', `${import.meta.dirname}:/usr/share/nginx/html:ro`, '--cpus', '.5', '--memory', '64m', 'nginx');
  const text = await eventually('the served file', async () => {
    const answer = await fetch('http://127.0.0.1:8083/tour.test.ts').catch(() => undefined);
    return answer?.status === 200 ? answer.text() : undefined;
  });
  assert.match(text, /a host directory is served/);
  const limits = await dockerOk('inspect', '-f', '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}', 'site');
  assert.equal(limits, '500000000 67108864');
  const memory = await docker('exec', 'site', 'cat', '/sys/fs/cgroup/memory/memory.limit_in_bytes');
  const unified = await docker('exec', 'site', 'cat', '/sys/fs/cgroup/memory.max');
  assert.equal((memory.code === 0 ? memory : unified).stdout.trim(), '67108864');
});

test('images: listed, their layers shown, one shared below many containers', async () => {
  assert.match(await dockerOk('images'), /REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n[\s\S]*nginx +latest/);
  assert.match(await dockerOk('history', 'nginx'), /IMAGE +CREATED +CREATED BY +SIZE/);
  const layers = JSON.parse(await dockerOk('image', 'inspect', '-f', '{{json .RootFS.Layers}}', 'nginx')) as string[];
  assert.ok(layers.length > 0 && layers.every((layer) => layer.startsWith('sha256:')));
});
