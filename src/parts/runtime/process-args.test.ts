import assert from 'node:assert/strict';
import test from 'node:test';
import { checkEnvironment, commandLine, containerEnvironment, DEFAULT_PATH, workingDirectory } from './process-args.ts';

test('the command follows the entry point', () => {
  assert.deepEqual(commandLine(['/bin/echo'], ['hi', 'there']), ['/bin/echo', 'hi', 'there']);
  assert.deepEqual(commandLine(null, ['sleep', '1']), ['sleep', '1']);
  assert.deepEqual(commandLine([''], ['sleep', '1']), ['sleep', '1']);
  assert.throws(() => commandLine(null, null), { kind: 'invalid', message: 'no command specified' });
});

test('the environment has the order that Docker gives it', () => {
  const env = { given: [], hostname: 'h', tty: false, home: '/root' };
  assert.deepEqual(containerEnvironment(env), [DEFAULT_PATH, 'HOSTNAME=h', 'HOME=/root']);
  assert.deepEqual(containerEnvironment({ ...env, tty: true }), [DEFAULT_PATH, 'HOSTNAME=h', 'TERM=xterm', 'HOME=/root']);
  assert.deepEqual(containerEnvironment({ ...env, given: ['FOO=bar', 'PATH=/bin', 'HOSTNAME=zz', 'BAZ', 'HOME=/x'] }), [
    'PATH=/bin',
    'HOSTNAME=zz',
    'FOO=bar',
    'HOME=/x',
  ]);
  assert.deepEqual(containerEnvironment({ ...env, given: ['HOSTNAME', 'A=1', 'A=2=3'] }), [DEFAULT_PATH, 'A=2=3', 'HOME=/root']);
});

test('a variable needs a name', () => {
  checkEnvironment(['A', 'B=']);
  assert.throws(() => checkEnvironment(['=x']), { kind: 'invalid', message: 'invalid environment variable: =x' });
  assert.throws(() => checkEnvironment(['']), { message: 'invalid environment variable: ' });
});

test('the working directory is absolute and clean', () => {
  assert.equal(workingDirectory(''), '/');
  assert.equal(workingDirectory('/a/../b/./c/'), '/b/c');
  assert.throws(() => workingDirectory('x'), { kind: 'invalid', message: "the working directory 'x' is invalid, it needs to be an absolute path" });
});
