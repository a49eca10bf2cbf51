import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { readExitRecord } from './exit-record.ts';
import type { ShimLaunch } from './launch.ts';
import { connectShim, type Shim } from './shim.ts';
import { ShimBench } from './testing.ts';

let bench: ShimBench;
before(async () => {
  bench = await ShimBench.make();
});
after(() => bench[Symbol.asyncDispose]());

/** An engine of its own process: it launches, reads the output, and is killed whenever. */
function engine(launch: ShimLaunch): ReturnType<typeof spawn> {
  const module = join(import.meta.dirname, 'launch.ts');
  const program = `
    const { launchShim } = await import(${JSON.stringify(module)});
    const shim = await launchShim(${JSON.stringify(launch)}, new AbortController().signal);
    for await (const chunk of shim.subscribe()) process.stdout.write(chunk);
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function found(launch: ShimLaunch): Promise<Shim | undefined> {
  return await connectShim(launch.directory).catch(() => undefined);
}

test('an engine that is killed at any moment loses neither output nor exit code', { timeout: 120_000 }, async () => {
  let outlived = 0;
  for (let round = 0; round < 16; round++) {
    const launch = await bench.prepare(['sh', '-c', 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; sleep 0.3; echo last; exit 9'], { attached: true, generation: round });
    const killed = engine(launch);
    while (!existsSync(launch.directory)) await pause(1);
    await pause(round * 3);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    await pause(round < 2 ? 100 : 0); // a shim that was just spawned may not listen yet
    const shim = await found(launch);
    if (!shim) {
      assert.equal(await readExitRecord(launch.exitFile ?? ''), undefined, 'nothing was started');
      continue;
    }
    outlived += 1;
    const exit = await shim.exited;
    assert.deepEqual([exit?.exitCode, exit?.generation], [9, round]);
    await shim.cleaned;
    assert.deepEqual(await readExitRecord(launch.exitFile ?? ''), exit);
    assert.equal((await readFile(launch.log?.path ?? '', 'utf8')).split('\n').length, 302);
    assert.equal(existsSync(bench.path('runtime', launch.id)), false);
  }
  assert.ok(outlived >= 10, `only ${outlived} shims had begun`);
});

test('many at once start, write and end', { timeout: 60_000 }, async () => {
  const launches = await Promise.all(Array.from({ length: 30 }, (_, i) => bench.prepare(['sh', '-c', `seq 1000; exit ${i}`])));
  const shims = await Promise.all(launches.map((launch) => bench.launch(launch)));
  const exits = await Promise.all(shims.map((shim) => shim.exited));
  assert.deepEqual(exits.map((exit) => exit?.exitCode), launches.map((_, i) => i));
  await Promise.all(shims.map((shim) => shim.cleaned));
  for (const launch of launches) {
    assert.equal((await readFile(launch.log?.path ?? '', 'utf8')).split('\n').length, 1001);
    assert.equal(existsSync(join(launch.directory, 'control.sock')), false);
  }
});
