import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(import.meta.resolve('../main.ts'));

/** What bash would offer where the cursor stands at the end of `line`; `words` as its readline splits them. */
function bashOffers(line: string, words: readonly string[]): string[] {
  const script = `
    onggi() { "${process.execPath}" "${MAIN}" "$@"; }
    compopt() { :; }
    source <(onggi completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1}; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _onggi
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', line, ...words], { encoding: 'utf8', env: { ...process.env, ONGGI_HOST: 'unix:///nonexistent/sock' } });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((text) => text !== '');
}

test('bash offers commands, flags and their values', () => {
  assert.deepEqual(bashOffers('onggi ru', ['onggi', 'ru']), ['run']);
  assert.deepEqual(bashOffers('onggi container st', ['onggi', 'container', 'st']), ['start', 'stats', 'stop']);
  assert.deepEqual(bashOffers('onggi ps --la', ['onggi', 'ps', '--la']), ['--last', '--latest']);
  assert.deepEqual(bashOffers('onggi run --restart ', ['onggi', 'run', '--restart', '']), ['always', 'no', 'on-failure', 'unless-stopped']);
});

test('bash completes behind an equals sign, where it has broken the word', () => {
  assert.deepEqual(bashOffers('onggi run --restart=on', ['onggi', 'run', '--restart', '=', 'on']), ['on-failure']);
  assert.deepEqual(bashOffers('onggi run --restart=', ['onggi', 'run', '--restart', '=']), ['always', 'no', 'on-failure', 'unless-stopped']);
});

test('bash offers files where a file is wanted', () => {
  assert.deepEqual(bashOffers('onggi load -i /etc/passw', ['onggi', 'load', '-i', '/etc/passw']).includes('/etc/passwd'), true);
});
