import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inSandbox } from '#parts/host/testing.ts';
import { joinRequest, run, testNetwork } from './testing.ts';

const ROUNDS = 12;

/** Joins and leaves without end; says when it has begun. */
const PROGRAM = `
  import { HostNetwork } from '${new URL('./host-network.ts', import.meta.url).href}';
  const network = new HostNetwork({ execRoot: process.argv[1], verifyEveryMs: 0 });
  await network.setUp();
  process.stdout.write('ready');
  const ports = { '80/tcp': [{ hostIp: '', hostPort: '' }], '53/udp': [{ hostIp: '', hostPort: '' }] };
  const request = { mode: 'bridge', containerName: 'c', networkId: 'n', macAddress: '', ipv4: '', ports, exposedPorts: [], publishAll: false };
  for (;;) {
    const some = await Promise.all([1, 2, 3].map(() => network.join(request, new AbortController().signal)));
    await Promise.all(some.slice(0, 2).map((one) => one[Symbol.asyncDispose]()));
  }
`;

if (inSandbox(import.meta.url)) {
  test('an engine killed at any moment leaves nothing that the next does not clear away', async () => {
    await using net = await testNetwork();
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, net.execRoot], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      await pause(randomInt(5, 60));
      child.kill('SIGKILL');
      await once(child, 'exit');

      const next = net.again();
      await next.setUp();
      await next.sweep();
      assert.deepEqual(readdirSync(`${net.execRoot}/netns`), []);
      assert.equal(run(undefined, 'nft list map ip onggi published-any').out.includes('elements'), false);
      await gone();
      const fresh = await next.join(joinRequest(), new AbortController().signal);
      assert.equal(fresh.endpoint.ipv4, '172.17.0.2');
      assert.equal(run(fresh.netNamespace, 'busybox ping -c1 -W2 172.17.0.1').ok, true);
      await fresh[Symbol.asyncDispose]();
    }
  });
}

/** The kernel removes the interfaces of namespaces that are gone in its own time. */
async function gone(): Promise<void> {
  for (let round = 0; round < 200; round++) {
    if (run(undefined, 'ip -br link show type veth').out === '') return;
    await pause(25);
  }
  assert.fail(run(undefined, 'ip -br link').out);
}
