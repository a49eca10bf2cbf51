import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEngine, sendJson } from '#client/testing.ts';
import { dispatch } from './dispatch.ts';
import { FakeConsole } from './testing.ts';
import { ROOT, type CommandNode } from './tree.ts';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const console = new FakeConsole({ env: { ONGGI_HOST: 'unix:///nonexistent/onggi.sock', HOME: '/nonexistent' } });
  const code = await dispatch(argv, console);
  return { code, out: console.output, err: console.errors };
}

for (const [argv, code, err] of [
  [['foo'], 1, "onggi: unknown command: onggi foo\n\nRun 'onggi --help' for more information\n"],
  [['container', 'foo'], 1, "onggi: unknown command: onggi container foo\n\nUsage:  onggi container\n\nRun 'onggi container --help' for more information\n"],
  [['--bad'], 125, "unknown flag: --bad\n\nUsage:  onggi [OPTIONS] COMMAND [ARG...]\n\nRun 'onggi --help' for more information\n"],
  [['run'], 1, "onggi: 'onggi run' requires at least 1 argument\n\nUsage:  onggi run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nSee 'onggi run --help' for more information\n"],
  [['ps', 'x'], 1, "onggi: 'onggi ps' accepts no arguments\n\nUsage:  onggi ps [OPTIONS]\n\nRun 'onggi ps --help' for more information\n"],
  [['tag', 'x'], 1, "onggi: 'onggi tag' requires 2 arguments\n\nUsage:  onggi tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\nRun 'onggi tag --help' for more information\n"],
  [['port'], 1, "onggi: 'onggi port' requires at least 1 and at most 2 arguments\n\nUsage:  onggi port CONTAINER [PRIVATE_PORT[/PROTO]]\n\nRun 'onggi port --help' for more information\n"],
  [['container', 'ls', '-y'], 125, "unknown shorthand flag: 'y' in -y\n\nUsage:  onggi container ls [OPTIONS]\n\nRun 'onggi container ls --help' for more information\n"],
  [['help', 'foo'], 1, 'unknown help topic: foo\n'],
  [['ps'], 1, 'Cannot connect to the Onggi daemon at unix:///nonexistent/onggi.sock. Is the onggi daemon running?\n'],
  [['-H', 'nonsense', 'ps'], 1, 'unable to parse host "nonsense": expected unix://PATH or tcp://HOST:PORT\n'],
] as const) {
  test(`onggi ${argv.join(' ')} complains as docker does`, async () => {
    const outcome = await run(...argv);
    assert.deepEqual([outcome.err, outcome.code, outcome.out], [err, code, '']);
  });
}

test('every verb has help, by both ways to ask for it', async () => {
  const paths: string[] = [];
  const collect = (node: CommandNode, path: string): void => {
    if (node.load !== undefined) paths.push(path);
    for (const [name, child] of Object.entries(node.children ?? {})) collect(child, `${path} ${name}`.trim());
  };
  collect(ROOT, '');
  assert.ok(paths.length > 60);
  for (const path of paths) {
    const { code, out } = await run(...path.split(' '), '--help');
    assert.equal(code, 0, path);
    assert.match(out, new RegExp(`^Usage:  onggi ${path}`));
    assert.deepEqual(await run('help', ...path.split(' ')), { code: 0, out, err: '' });
  }
});

test('a verb of two names names both in its help', async () => {
  const { out } = await run('ps', '--help');
  assert.match(out, /Aliases:\n {2}onggi container ls, onggi container list, onggi container ps, onggi ps\n/);
});

test('without a command the help goes to standard error', async () => {
  const { code, out, err } = await run();
  assert.deepEqual([code, out], [0, '']);
  assert.match(err, /Common Commands:\n {2}run /);
  assert.match((await run('--help')).out, /Management Commands:/);
  assert.match((await run('network')).err, /Usage:  onggi network COMMAND/);
});

test('--version names the product', async () => {
  assert.match((await run('--version')).out, /^Onggi version \d/);
  assert.match((await run('-v')).out, /^Onggi version \d/);
});

test('what fails for one argument is told, and the others go on', async () => {
  await using engine = await FakeEngine.start((request, response) => {
    if (request.path === '/containers/b/stop') sendJson(response, 404, { message: 'No such container: b' });
    else response.writeHead(204).end();
  });
  const console = new FakeConsole({ env: { ONGGI_HOST: engine.address } });
  assert.equal(await dispatch(['stop', '-t', '3', 'a', 'b', 'c'], console), 1);
  assert.equal(console.output, 'a\nc\n');
  assert.equal(console.errors, 'Error response from daemon: No such container: b\n');
  assert.ok(engine.requests.every(({ query }) => query.get('t') === '3'));
});

test('the modules that cost most are not loaded before they are needed', async () => {
  const { spawnSync } = await import('node:child_process');
  const script = `
    process.argv = [process.argv[0], 'onggi', 'version'];
    process.exit = (code) => { console.error(JSON.stringify(process.moduleLoadList)); return undefined; };
    await import(${JSON.stringify(import.meta.resolve('./main.ts'))});
  `;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, ONGGI_HOST: 'unix:///nonexistent' } });
  const loaded = new Set((JSON.parse(stderr.slice(stderr.indexOf('['))) as string[]).map((name) => name.replace('NativeModule ', '')));
  assert.ok(loaded.has('net'));
  for (const heavy of ['http', 'https', 'tls', 'child_process', 'sqlite', 'readline']) assert.ok(!loaded.has(heavy), heavy);
});
