import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSignal, requireSupportedSignal, signalName } from './signals.ts';

test('signals are read as Docker reads them', () => {
  const seen = { KILL: 9, SIGKILL: 9, sigterm: 15, usr1: 10, '9': 9, '09': 9, '+5': 5, '99': 99, '-1': -1, 'SIGRTMIN+3': 37, 'rtmin+15': 49, 'SIGRTMAX-14': 50, RTMAX: 64, IOT: 6, CLD: 17, POLL: 29 };
  for (const [text, number] of Object.entries(seen)) assert.equal(parseSignal(text), number, text);
});

test('what is no signal is refused in Docker\'s words', () => {
  for (const text of ['BLAH', '0', '', '1.5', ' 9', 'UNUSED', 'SIGSIGUSR1', 'RTMIN+0', 'RTMIN+16', 'SIGRTMAX-15', '99999999999']) {
    assert.throws(() => parseSignal(text), { kind: 'invalid', message: `invalid signal: ${text}` });
  }
  for (const number of [-1, 32, 33, 65, 99]) {
    assert.throws(() => requireSupportedSignal(number), { kind: 'invalid', message: `the linux daemon does not support signal ${number}` });
  }
  requireSupportedSignal(64);
});

test('numbers have one name each', () => {
  assert.deepEqual([6, 15, 17, 29, 34, 37, 50, 64, 33].map(signalName), ['SIGABRT', 'SIGTERM', 'SIGCHLD', 'SIGIO', 'SIGRTMIN', 'SIGRTMIN+3', 'SIGRTMAX-14', 'SIGRTMAX', '33']);
});
