import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SealedPrograms } from '#parts/host/sealed-programs.ts';
import { readLog } from '#parts/logs/read-log.ts';
import { everything } from '#parts/logs/testing.ts';
import { readExitRecord } from './exit-record.ts';
import { launchShim } from './launch.ts';
import { RuntimeFailure } from './runtime-failure.ts';
import { connectShim } from './shim.ts';
import { alive, bytesOf, payloadsOf, ShimBench } from './testing.ts';

const limit = { timeout: 60_000 };

for (const runtime of ['crun', 'runc']) {
  describe(`a shim with ${runtime}`, limit, () => {
    let bench: ShimBench;
    before(async () => {
      bench = await ShimBench.make(runtime);
    });
    after(() => bench[Symbol.asyncDispose]());

    test('an attached reader gets every byte, the log too, and the exit code is kept', async () => {
      const launch = await bench.prepare(['sh', '-c', 'echo out; echo err >&2; exit 7'], { attached: true, generation: 4 });
      const shim = await bench.launch(launch);
      const output = await bytesOf(shim.subscribe());
      assert.equal(payloadsOf(output, 1), 'out\n');
      assert.equal(payloadsOf(output, 2), 'err\n');
      const exit = await shim.exited;
      assert.deepEqual([exit?.exitCode, exit?.signal, exit?.generation, exit?.oomKilled], [7, 0, 4, false]);
      await shim.cleaned;
      assert.deepEqual(await readExitRecord(launch.exitFile ?? ''), exit);
      assert.match(await readFile(launch.log?.path ?? '', 'utf8'), /^\{"log":"out\\n","stream":"stdout","time":"[^"]+Z"\}$/m);
      assert.equal(existsSync(bench.path('runtime', launch.id)), false);
    });

    test('run from a sealed copy, it is the same, and what is left is cleared away without another call of it', async () => {
      using programs = new SealedPrograms();
      const launch = await bench.prepare(['sh', '-c', 'read go; exit 3'], { stdin: 'open' });
      const calls = bench.path('calls');
      const path = bench.path(`counted-${runtime}`);
      await writeFile(path, `#!/bin/sh\necho call >> ${calls}\nexec ${runtime} "$@"\n`, { mode: 0o755 });
      const cgroups = bench.cgroupsOf(launch.id);
      const shim = await bench.launch({
        ...launch,
        cgroups,
        runtime: { ...launch.runtime, path, sealed: () => programs.find(execFileSync('which', [runtime], { encoding: 'utf8' }).trim()) },
      });
      assert.equal(cgroups.every((folder) => existsSync(folder)), true);
      await shim.write(Buffer.from('go\n'));
      assert.equal((await shim.exited)?.exitCode, 3);
      await shim.cleaned;
      assert.equal((await readExitRecord(launch.exitFile ?? ''))?.exitCode, 3);
      assert.equal(existsSync(bench.path('runtime', launch.id)), false);
      assert.deepEqual(cgroups.filter((folder) => existsSync(folder)), []);
      assert.equal(existsSync(calls), false, 'the program itself was not called');
    });

    test('what outlives its process in the host\'s pid namespace is ended', async () => {
      const launch = await bench.prepare(['sh', '-c', 'sleep 1000 & echo $!'], { attached: { raw: true }, namespaces: ['mount', 'ipc', 'uts', 'network'] });
      const cgroups = bench.cgroupsOf(launch.id);
      const shim = await bench.launch({ ...launch, cgroups });
      const left = Number(await bytesOf(shim.subscribe()));
      assert.equal((await shim.exited)?.exitCode, 0);
      await shim.cleaned;
      assert.equal(alive(left), false);
      assert.equal(existsSync(bench.path('runtime', launch.id)), false);
      assert.deepEqual(cgroups.filter((folder) => existsSync(folder)), []);
    });

    test('a program that is not there fails the start and leaves nothing', async () => {
      const launch = await bench.prepare(['nope']);
      await assert.rejects(launchShim(launch, AbortSignal.timeout(10_000)), RuntimeFailure);
      assert.equal(existsSync(bench.path('runtime', launch.id)), false);
      assert.equal(await readExitRecord(launch.exitFile ?? ''), undefined);
    });

    test('input reaches the process until it is closed', async () => {
      const shim = await bench.start(['cat'], { stdin: 'open', attached: true });
      const output = bytesOf(shim.subscribe());
      await shim.write(Buffer.from('hello '));
      await shim.write(Buffer.from('there'));
      shim.closeStdin();
      assert.equal(payloadsOf(await output, 1), 'hello there');
      assert.equal((await shim.exited)?.exitCode, 0);
    });

    test('a terminal has the size it is given, and raw output', async () => {
      const shim = await bench.start(['sh', '-c', 'sleep 0.05; stty size; read x; stty size; echo "got $x"'], {
        terminal: true, stdin: 'open', attached: { raw: true }, size: { rows: 33, columns: 111 },
      });
      const output = bytesOf(shim.subscribe());
      shim.resize({ rows: 44, columns: 122 });
      await pause(150);
      await shim.write(Buffer.from('words\r'));
      assert.match((await output).toString(), /^(33 111|44 122)\r\nwords\r\n44 122\r\ngot words\r\n$/s);
    });

    test('a signal ends the process with 128 and its number', async () => {
      const shim = await bench.start(['sleep', '1000']);
      shim.signal(9);
      assert.deepEqual([(await shim.exited)?.exitCode, (await shim.exited)?.signal], [137, 9]);
    });

    test('an exec runs in the container and tells its own exit code', async () => {
      const launch = await bench.prepare(['sleep', '1000']);
      await bench.launch(launch);
      const processFile = bench.path('exec.json');
      await writeFile(processFile, JSON.stringify({ terminal: false, user: { uid: 0, gid: 0 }, args: ['sh', '-c', 'echo in exec; cat; exit 3'], env: ['PATH=/bin'], cwd: '/' }));
      const exec = await bench.launch({ ...launch, id: 'e1', directory: bench.path('e1'), exitFile: null, log: null, stdin: 'open', attached: true, kind: { type: 'exec', containerId: launch.id, processFile } });
      const output = bytesOf(exec.subscribe());
      await exec.write(Buffer.from('typed'));
      exec.closeStdin();
      assert.equal(payloadsOf(await output, 1), 'in exec\ntyped');
      assert.equal((await exec.exited)?.exitCode, 3);
      await writeFile(processFile, JSON.stringify({ terminal: false, user: { uid: 0, gid: 0 }, args: ['nope'], env: ['PATH=/bin'], cwd: '/' }));
      await assert.rejects(bench.launch({ ...launch, id: 'e2', directory: bench.path('e2'), exitFile: null, log: null, kind: { type: 'exec', containerId: launch.id, processFile } }), RuntimeFailure);
      assert.equal(alive((await connectShim(launch.directory)).pid), true);
    });

    test('a program that cannot be executed says so in Docker\'s words', async () => {
      await writeFile(bench.path('rootfs/bin/odd'), 'no program', { mode: 0o755 });
      await writeFile(bench.path('rootfs/bin/script'), '#!/nowhere\n', { mode: 0o755 });
      for (const [program, words] of [['odd', 'exec format error'], ['script', 'no such file or directory']] as const) {
        for (const terminal of [false, true]) {
          const shim = await bench.start([program], { attached: { raw: true }, terminal });
          assert.equal((await bytesOf(shim.subscribe())).toString(), `exec /bin/${program}: ${words}${terminal ? '\r' : ''}\n`);
          assert.notEqual((await shim.exited)?.exitCode, 0);
        }
      }
    });

    test('an exec can have a terminal of its own', async () => {
      const launch = await bench.prepare(['sleep', '1000']);
      await bench.launch(launch);
      const processFile = bench.path('exec-tty.json');
      await writeFile(processFile, JSON.stringify({ terminal: true, user: { uid: 0, gid: 0 }, args: ['tty'], env: ['PATH=/bin'], cwd: '/' }));
      const exec = await bench.launch({ ...launch, id: 'e3', directory: bench.path('e3'), exitFile: null, log: null, terminal: true, attached: { raw: true }, kind: { type: 'exec', containerId: launch.id, processFile } });
      assert.match((await bytesOf(exec.subscribe())).toString(), /^\/dev\/pts\/\d+\r\n$/);
    });
  });
}

describe('a shim', limit, () => {
  let bench: ShimBench;
  before(async () => {
    bench = await ShimBench.make();
  });
  after(() => bench[Symbol.asyncDispose]());

  test('is found again by an engine that was restarted, and loses nothing meanwhile', async () => {
    const launch = await bench.prepare(['sh', '-c', 'i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.01; done; exit 5']);
    const first = await bench.launch(launch);
    first[Symbol.dispose]();
    assert.equal(await first.exited, undefined);
    const second = await connectShim(launch.directory);
    assert.equal(second.pid, first.pid);
    assert.equal(second.startTicks, first.startTicks);
    assert.equal((await second.exited)?.exitCode, 5);
    assert.equal((await readFile(launch.log?.path ?? '', 'utf8')).split('\n').length, 41);
  });

  test('works in a folder whose path is longer than a socket address', async () => {
    const directory = bench.path('long'.repeat(40), 'x');
    await mkdir(directory, { recursive: true });
    const shim = await bench.start(['cat'], { directory, stdin: 'open', terminal: true });
    const output = shim.subscribe({ raw: true });
    await shim.write(Buffer.from('echo\r'));
    const [chunk] = (await output.take(1).toArray()) as Buffer[];
    assert.match(String(chunk), /^echo/);
    output.destroy();
  });

  test('that is killed is noticed at once', async () => {
    const launch = await bench.prepare(['sleep', '1000']);
    const shim = await bench.launch(launch);
    const status = await readFile(`/proc/${shim.pid}/status`, 'utf8');
    process.kill(Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]), 'SIGKILL');
    assert.equal(await shim.exited, undefined);
    await shim.cleaned;
    await assert.rejects(connectShim(launch.directory), { code: 'ECONNREFUSED' });
    execFileSync('crun', ['--root', bench.path('runtime'), 'kill', launch.id, 'KILL']);
    execFileSync('crun', ['--root', bench.path('runtime'), 'delete', '--force', launch.id]);
  });

  test('a reader that stands still holds up the output, and its going frees it', async () => {
    const launch = await bench.prepare(['sh', '-c', 'yes $(seq 30) | head -c 20000000; echo end >&2'], { attached: true });
    const shim = await bench.launch(launch);
    const still = shim.subscribe();
    await pause(400);
    assert.ok((await readFile(launch.log?.path ?? '')).length < 10_000_000);
    assert.equal(alive(shim.pid), true);
    still.destroy();
    assert.equal((await shim.exited)?.exitCode, 0);
    const log = await readFile(launch.log?.path ?? '', 'utf8');
    assert.equal(log.split('\n').length, Math.ceil(20_000_000 / 81) + 2);
  });

  test('an output from the first byte that nobody takes does not hold up the process', async () => {
    const shim = await bench.start(['sh', '-c', 'seq 300000'], { attached: true, log: null });
    assert.equal((await shim.exited)?.exitCode, 0);
  });

  test('many readers get the same bytes, each at its own pace', async () => {
    const shim = await bench.start(['sh', '-c', 'read go; seq 100000'], { stdin: 'open', log: null });
    const readers = Array.from({ length: 5 }, () => shim.subscribe({ raw: true }));
    await shim.write(Buffer.from('go\n'));
    const all = await Promise.all(readers.map(bytesOf));
    for (const bytes of all) assert.ok(bytes.equals(all[0] ?? Buffer.alloc(0)));
    assert.equal(all[0]?.length, 588_895);
  });

  test('a great input arrives whole at a process that reads slowly', async () => {
    const shim = await bench.start(['sh', '-c', 'sleep 0.2; wc -c'], { stdin: 'open', attached: { raw: true } });
    const output = bytesOf(shim.subscribe());
    const chunk = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 8; i++) await shim.write(chunk);
    shim.closeStdin();
    assert.equal((await output).toString().trim(), '8000000');
  });

  test('descriptors to hold stay open until the end of the process, and the process does not get them', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const fd = (server as unknown as { _handle: { fd: number } })._handle.fd;
    const shim = await bench.start(['sh', '-c', 'ls /proc/self/fd; sleep 1000'], { holdDescriptors: [fd] });
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(listen(port), { code: 'EADDRINUSE' });
    shim.signal(9);
    await shim.exited;
    await listen(port);
  });

  test('a child in the background does not hold up the end of an exec', async () => {
    const launch = await bench.prepare(['sleep', '1000']);
    await bench.launch(launch);
    const processFile = bench.path('background.json');
    await writeFile(processFile, JSON.stringify({ terminal: false, user: { uid: 0, gid: 0 }, args: ['sh', '-c', 'sleep 30 & echo hi'], env: ['PATH=/bin'], cwd: '/' }));
    const exec = await bench.launch({ ...launch, id: 'e9', directory: bench.path('e9'), exitFile: null, log: null, attached: { raw: true }, kind: { type: 'exec', containerId: launch.id, processFile } });
    const began = Date.now();
    assert.equal((await bytesOf(exec.subscribe())).toString(), 'hi\n');
    assert.ok(Date.now() - began < 3000);
  });

  test('rotates by size and packs what it has rotated, and a reader sees one log', async () => {
    const path = bench.path('packed.log');
    const shim = await bench.start(['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done'], {
      log: { path, maxBytes: 50_000, maxFiles: 9, compress: true, attrsJson: '{"a":"b"}' },
    });
    await shim.cleaned;
    assert.equal(existsSync(`${path}.2.gz`), true);
    const never = new AbortController().signal;
    const all = await Array.fromAsync(readLog(path, everything, { ended: never }, never));
    assert.deepEqual(all.flat().map(({ line }) => line.toString()), Array.from({ length: 3000 }, (_, i) => `line ${i}\n`));
    assert.deepEqual(all.flat()[0]?.attrs, { a: 'b' });
  });

  test('a follower sees every line of a fast writer through its rotations', async () => {
    const path = bench.path('followed.log');
    const ended = new AbortController();
    const never = new AbortController().signal;
    const shim = await bench.start(['sh', '-c', 'seq 200000'], { log: { path, maxBytes: 1_000_000, maxFiles: 100, compress: false, attrsJson: null } });
    void shim.exited.then(() => ended.abort());
    let next = 1;
    for await (const batch of readLog(path, { ...everything, follow: true }, { ended: ended.signal }, never)) {
      for (const { line } of batch) assert.equal(Number(line), next++);
    }
    assert.equal(next, 200_001);
  });

  test('tells when the kernel killed for memory', async () => {
    const shim = await bench.start(['sh', '-c', 'x=$(yes | head -c 60000000); true'], {
      resources: { memory: { limit: 16_000_000 } },
    });
    assert.equal((await shim.exited)?.oomKilled, true);
  });

  test('an abandoned start leaves nothing', async () => {
    const launch = await bench.prepare(['sleep', '1000']);
    const stop = new AbortController();
    const starting = launchShim(launch, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(starting, /enough/);
    assert.equal(existsSync(bench.path('runtime', launch.id)), false);
  });
});

function listen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
