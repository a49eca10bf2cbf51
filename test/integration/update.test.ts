// `update`: limits of containers that run and of those that do not, and the restart policy.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { busybox, docker, dockerOk, eventually, onggi, onggiOk, removing, run } from '../support/commands.ts';

before(busybox);

const SOCKET = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');

async function post(name: string, body: string): Promise<{ code: number; text: string }> {
  const { stdout } = await run('curl', [
    '-sS', '-w', '%{http_code}', '--max-time', '10', '--unix-socket', SOCKET, '-X', 'POST', '-H', 'Content-Type: application/json', '-d', body,
    `http://onggi/v1.51/containers/${name}/update`,
  ]);
  return { code: Number(stdout.slice(-3)), text: stdout.slice(0, -3).trim() };
}

/** A file of the container's cgroup, as the host sees it; version 1 by controller. */
async function cgroupFile(name: string, v1: string, v2: string): Promise<string> {
  const pid = await dockerOk('inspect', '-f', '{{.State.Pid}}', name);
  const { stdout } = await run('sh', ['-c', `
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/${pid}/cgroup)/${v2}
    else c=${v1.split('/')[0] ?? ''}; cat /sys/fs/cgroup/$c$(sed -nE "s/^[0-9]+:([^:]*,)?$c(,[^:]*)?:(.*)/\\3/p" /proc/${pid}/cgroup)/${v1.split('/')[1] ?? ''}; fi`]);
  return stdout.trim();
}

const setting = (name: string, fields: string): Promise<string> => dockerOk('inspect', '-f', fields.split(' ').map((field) => `{{.HostConfig.${field}}}`).join(' '), name);

test('a running container gets its limits at once, and keeps them', async () => {
  await using _gone = removing('limited');
  await dockerOk('run', '-d', '--name', 'limited', '-m', '64m', 'busybox', 'sleep', '1000');
  assert.equal(await dockerOk('update', '-m', '100m', '--memory-swap', '200m', '--cpus', '0.5', '--pids-limit', '20', '--cpu-shares', '512', '--cpuset-cpus', '0', 'limited'), 'limited');
  assert.equal(await setting('limited', 'Memory MemorySwap NanoCpus PidsLimit CpuShares CpusetCpus'), `${100 << 20} ${200 << 20} 500000000 20 512 0`);
  assert.equal(await cgroupFile('limited', 'memory/memory.limit_in_bytes', 'memory.max'), String(100 << 20));
  assert.equal(await cgroupFile('limited', 'pids/pids.max', 'pids.max'), '20');
  assert.match(await cgroupFile('limited', 'cpu/cpu.cfs_quota_us', 'cpu.max'), /^50000/);
  assert.equal(await cgroupFile('limited', 'cpuset/cpuset.cpus', 'cpuset.cpus'), '0');
  assert.deepEqual(await post('limited', '{"PidsLimit":-1}'), { code: 200, text: '{"Warnings":null}' });
  assert.equal(await cgroupFile('limited', 'pids/pids.max', 'pids.max'), 'max');
  await dockerOk('restart', '-t', '0', 'limited');
  assert.equal(await cgroupFile('limited', 'memory/memory.limit_in_bytes', 'memory.max'), String(100 << 20), 'the next start has them too');
  const now = (Date.now() / 1000).toFixed(3); // docker's own `0s` is the beginning of this second
  assert.match(await dockerOk('events', '--since', '1m', '--until', now, '--filter', 'event=update'), /container update .*name=limited/);
});

test('a container that does not run has its new limits when it starts', async () => {
  await using _gone = removing('later');
  await dockerOk('create', '--name', 'later', 'busybox', 'sleep', '1000');
  assert.equal(await onggiOk('update', '--memory', '50m', '--memory-swap', '-1', '--restart', 'on-failure:3', 'later'), 'later');
  assert.equal(await setting('later', 'Memory MemorySwap RestartPolicy'), `${50 << 20} -1 {on-failure 3}`);
  await dockerOk('start', 'later');
  assert.equal(await cgroupFile('later', 'memory/memory.limit_in_bytes', 'memory.max'), String(50 << 20));
});

/** Kills the first process of a container that runs. */
async function killFirst(name: string): Promise<void> {
  const pid = Number(await dockerOk('inspect', '-f', '{{.State.Pid}}', name));
  assert.ok(pid > 1);
  process.kill(pid, 'SIGKILL');
}

test('a new restart policy counts from the next end on', async () => {
  await using _gone = removing('again');
  await dockerOk('run', '-d', '--name', 'again', 'busybox', 'sleep', '1000');
  await dockerOk('update', '--restart', 'always', 'again');
  await killFirst('again');
  await eventually('the restart', async () => ((await dockerOk('inspect', '-f', '{{.RestartCount}} {{.State.Status}}', 'again')) === '1 running' ? true : undefined));
  await dockerOk('update', '--restart', 'no', 'again');
  await killFirst('again');
  await eventually('the end', async () => ((await dockerOk('inspect', '-f', '{{.State.Status}}', 'again')) === 'exited' ? true : undefined));
});

const BAD: readonly (readonly [string, number, string])[] = [
  ['{"Memory":6291455}', 400, 'Minimum memory limit allowed is 6MB'],
  ['{"CpusetCpus":"99"}', 400, 'Requested CPUs are not available - requested 99, available: .*'],
  ['{"NanoCpus":-1}', 400, 'range of CPUs is from 0.01 to .*'],
  ['{"CpuQuota":10}', 400, 'CPU cfs quota can not be less than 1ms .i.e. 1000.'],
  ['{"CpuShares":-3}', 400, 'invalid CPU shares .-3.: value must be a positive integer'],
  ['{"Memory":"x"}', 400, 'invalid JSON: json: cannot unmarshal string into Go struct field UpdateConfig.Memory of type int64'],
  ['{"Memory":104857600}', 409, 'Cannot update container ID: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time'],
  ['{"CpuPeriod":50000,"CpuQuota":25000}', 409, 'Cannot update container ID: Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set'],
  ['{"RestartPolicy":{"Name":"nope"}}', 400, "invalid restart policy: unknown policy 'nope'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
  ['{"RestartPolicy":{"Name":"always","MaximumRetryCount":3}}', 400, "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
  ['{"RestartPolicy":{"Name":"always"}}', 409, 'Cannot update container ID: Restart policy cannot be updated because AutoRemove is enabled for the container'],
];

test('what cannot be is refused in dockerd\'s words, and nothing changes', async () => {
  await using _gone = removing('kept');
  const id = await dockerOk('run', '-d', '--rm', '--name', 'kept', '--cpus', '0.5', 'busybox', 'sleep', '1000');
  const before = await dockerOk('inspect', '-f', '{{json .HostConfig}}', 'kept');
  for (const [body, code, message] of BAD) {
    const reply = await post('kept', body);
    assert.equal(reply.code, code, `${body}: ${reply.text}`);
    assert.match((JSON.parse(reply.text) as { message: string }).message, new RegExp(`^${message.replace('ID', id)}$`), body);
  }
  assert.deepEqual(await post('kept', '{}'), { code: 200, text: '{"Warnings":null}' });
  assert.deepEqual(await post('kept', '{"OomKillDisable":true,"Devices":[{"PathOnHost":"/dev/null"}]}'), {
    code: 200, text: '{"Warnings":["Devices cannot be changed by an update. Change discarded.","OomKillDisable cannot be changed by an update. Change discarded."]}',
  });
  assert.deepEqual(await post('nope', '{}'), { code: 404, text: '{"message":"No such container: nope"}' });
  assert.equal(await dockerOk('inspect', '-f', '{{json .HostConfig}}', 'kept'), before);
});

test('the command lines say the same', async () => {
  await using _gone = removing('said');
  await dockerOk('run', '-d', '--name', 'said', 'busybox', 'sleep', '1000');
  for (const words of [['said'], ['-m', '100m', 'nope', 'said'], ['--restart', 'bogus', 'said'], ['--cpus', '99', 'said'], ['--pids-limit', '30', 'said']]) {
    assert.deepEqual(await onggi('update', ...words), await docker('update', ...words), words.join(' '));
  }
});
