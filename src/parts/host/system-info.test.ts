import assert from 'node:assert/strict';
import test from 'node:test';
import { parseOsRelease, readMemory, readSystemInfo } from './system-info.ts';

test('os-release with both kinds of quotes', () => {
  const values = parseOsRelease('PRETTY_NAME="A \\"quoted\\" name"\nVERSION_ID=\'12\'\nID=debian\n# no\nbad line\n');
  assert.deepEqual([...values], [['PRETTY_NAME', 'A "quoted" name'], ['VERSION_ID', '12'], ['ID', 'debian']]);
});

test('this host has a kernel, processors and memory', () => {
  const info = readSystemInfo();
  assert.match(info.kernelVersion, /^\d+\.\d+/);
  assert.ok(info.cpus >= 1);
  assert.ok(info.memoryBytes > 1 << 20);
  assert.ok(readMemory().availableBytes > 0);
});
