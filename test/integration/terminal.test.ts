// Terminals: `run -it`, `exec -it`, `attach` with detach keys, by the real docker command line and by our own.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { busybox, dockerOk, removing } from '../support/commands.ts';
import { Terminal } from '../support/terminal.ts';

before(busybox);

const OURS = join(import.meta.dirname, '../../bin/onggi');

for (const client of ['docker', OURS]) {
  const name = client === 'docker' ? 'docker' : 'onggi';

  test(`${name} run -it: a shell with the terminal's size, resized as it is, its exit code`, async () => {
    await using terminal = new Terminal([client, 'run', '--rm', '-it', 'busybox', 'sh'], { rows: 31, columns: 97 });
    await terminal.until(/\/ # /);
    terminal.type('stty size; tty\n');
    await terminal.until(/31 97\r\n\/dev\/pts\/0/);
    terminal.resize(40, 120);
    terminal.type('until [ "$(stty size)" = "40 120" ]; do sleep 0.1; done; echo res""ized\n');
    await terminal.until(/resized/);
    terminal.type('exit 33\n');
    assert.equal(await terminal.exited, 33);
  });

  test(`${name} exec -it: Ctrl-C reaches the process, not the container`, async () => {
    await using _gone = removing('held');
    await dockerOk('run', '-d', '--name', 'held', 'busybox', 'sleep', '100');
    await using terminal = new Terminal([client, 'exec', '-it', 'held', 'sh'], { rows: 20, columns: 60 });
    await terminal.until(/\/ # /);
    terminal.type('stty size\n');
    await terminal.until(/20 60/);
    terminal.type(`exec sh -c 'trap "exit 77" INT; echo beg""an; while :; do sleep 0.1; done'\n`);
    await terminal.until(/began\r\n/);
    terminal.type('\x03');
    assert.equal(await terminal.exited, 77);
    assert.equal(await dockerOk('inspect', '-f', '{{.State.Running}}', 'held'), 'true');
  });

  test(`${name} attach: detach keys leave it running, a later attach goes on`, async () => {
    await using _gone = removing('shell');
    await dockerOk('run', '-dit', '--name', 'shell', 'busybox', 'sh');
    await using first = new Terminal([client, 'attach', 'shell']);
    first.type('echo on""e\n');
    await first.until(/one\r\n/);
    first.type('\x10\x11');
    await first.until(/read escape sequence/);
    await first.exited;
    assert.equal(await dockerOk('inspect', '-f', '{{.State.Running}}', 'shell'), 'true');
    await using second = new Terminal([client, 'attach', '--detach-keys', 'ctrl-x', 'shell']);
    second.type('echo tw""o\n');
    await second.until(/two\r\n/);
    second.type('exit 4\n');
    assert.equal(await second.exited, 4);
  });
}
