import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'node:test';

const MARK = 'ONGGI_TEST_SANDBOX';

/**
 * True inside a test file's own mount and network namespaces (loopback is up). Outside, it runs the file there as one
 * test and returns false:
 *
 *     if (inSandbox(import.meta.url)) { test('mounts', ...); }
 *
 * Needs root, as everything that it is for does.
 */
export function inSandbox(url: string): boolean {
  const file = fileURLToPath(url);
  if (process.env[MARK] === file) return true;
  void test(`in namespaces of its own: ${file}`, { timeout: 300_000 }, () => {
    const script = 'ip link set lo up && exec "$@"';
    // With NODE_TEST_CONTEXT the inner run would speak the runner's binary protocol to nobody.
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const inner = spawnSync('unshare', ['--mount', '--net', '--propagation', 'private', '--', 'sh', '-c', script, 'sh', process.execPath, '--test-reporter=spec', file], {
      env: { ...env, [MARK]: file },
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 280_000,
    });
    if (inner.error) throw inner.error;
    if (inner.status !== 0) throw new Error(`${file} ended with ${inner.status ?? inner.signal ?? '?'}\n${inner.stdout}\n${inner.stderr}`);
    process.stdout.write(inner.stdout);
  });
  return false;
}
