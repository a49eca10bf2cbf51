import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type DaemonConfig, readInvocation } from './config.ts';

function configOf(json: string, ...flags: string[]): DaemonConfig {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-config-'));
  const file = join(folder.path, 'daemon.json');
  writeFileSync(file, json);
  const invocation = readInvocation(['--config-file', file, ...flags]);
  assert.equal(invocation.action, 'run');
  return (invocation as { config: DaemonConfig }).config;
}

test('flags and daemon.json set up the engine together', () => {
  const config = configOf(
    '{"log-opts": {"max-size": "1m"}, "runtimes": {"mine": {"path": "/opt/mine"}}, "debug": true}',
    '--data-root', '/data/', '-H', 'unix:///a.sock', '--host', 'unix:///b.sock',
  );
  assert.equal(config.dataRoot, '/data');
  assert.deepEqual(config.hosts, ['unix:///a.sock', 'unix:///b.sock']);
  assert.deepEqual(config.logOptions, { 'max-size': '1m' });
  assert.deepEqual(config.runtimes['mine'], { path: '/opt/mine', args: [] });
  assert.equal(config.logLevel, 'debug');
});

const REFUSED: readonly (readonly [string, string, readonly string[], RegExp])[] = [
  ['an unknown key is named', '{"nope": 1, "log-driver": "none"}', [], /the following directives don't match any configuration option: nope$/],
  ['a key of Docker that has no effect yet is named', '{"userns-remap": "default"}', [], /not there yet, take them out: userns-remap/],
  ['a value of the wrong type', '{"dns": "1.1.1.1"}', [], /dns must be a list of strings/],
  ['broken JSON', '{', [], /daemon\.json: invalid JSON/],
  ['the same thing said twice', '{"data-root": "/x"}', ['--data-root', '/y'], /specified both as a flag and in the configuration file: data-root: \(from flag: \/y, from file: \/x\)/],
  ['an unknown level', '{}', ['--log-level', 'loud'], /invalid logging level: loud/],
  ['a TCP socket', '{}', ['-H', 'tcp://0.0.0.0:2375'], /only unix/],
  ['a relative data root', '{}', ['--data-root', 'x'], /--data-root must be an absolute path: x/],
  ['an unknown flag', '{}', ['--nope'], /Unknown option '--nope'/],
];

for (const [what, json, flags, message] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(() => configOf(json, ...flags), message);
  });
}

test('a configuration file that was asked for must be there', () => {
  assert.throws(() => readInvocation(['--config-file', '/nonexistent/daemon.json']), /unable to configure the Onggi daemon with file \/nonexistent/);
});
