import { execFile } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { FakeEngine, sendJson } from '#client/testing.ts';
import { CREATE_COMMAND_LINES } from './command-lines.ts';

/*
 * Records what Docker's own client sends for every line of command-lines.ts, or says instead of sending:
 *   node src/cli/create/record-create-bodies.ts > src/cli/create/create-bodies.golden.json
 */

export interface SampleFiles extends Disposable {
  readonly path: string;
}

/** The files that the command lines name. */
export function sampleFiles(): SampleFiles {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'onggi-samples-'));
  const files: Readonly<Record<string, string>> = {
    env: '# comment\nA=1\nHOME_OF_TEST\nONGGI_SURELY_NOT_SET\n\n  B=2 \r\nQ="quoted"\n',
    'bad-env': 'A B=1\n',
    labels: 'one=1\n# no\ntwo\n',
    'seccomp.json': '{\n  "defaultAction": "SCMP_ACT_ALLOW",\n  "a b": [1, 2.50, "x y"]\n}\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text);
  return folder;
}

/** The words of a command line; a no-break space is a blank inside a word. */
export function wordsOf(line: string, files: string): string[] {
  return line.split(' ').map((word) => word.replaceAll('\u00a0', ' ').replaceAll('FILES', files));
}

async function record(line: string, files: string, engine: FakeEngine): Promise<Body> {
  const before = engine.requests.length;
  const { promise, resolve } = Promise.withResolvers<string>();
  const env = { PATH: process.env['PATH'], DOCKER_HOST: engine.address, HOME: '/nonexistent', HOME_OF_TEST: '/home/test' };
  execFile('docker', ['create', ...wordsOf(line, files)], { env, cwd: '/' }, (_error, _stdout, stderr) => resolve(stderr));
  const stderr = await promise;
  const sent = engine.requests.slice(before).find(({ path }) => path === '/containers/create');
  const text = sent === undefined ? JSON.stringify({ error: stderr.split('\n')[0] }) : sent.body;
  return JSON.parse(text.replaceAll(files, 'FILES')) as Body;
}

/**
 * What a body says beyond the plainest one, by name and one level into the host's part; null where it lacks something.
 * Binds and variables have no order: Docker's client keeps them in maps.
 */
export function differences(body: Body, plain: Body): Body {
  const { HostConfig: host, ...rest } = body;
  const { HostConfig: plainHost, ...plainRest } = plain;
  const all = { ...unlike(rest, plainRest), ...prefixed(unlike(host as Body, plainHost as Body)) };
  const unordered = (name: string): Body => (Array.isArray(all[name]) ? { [name]: (all[name] as string[]).toSorted() } : {});
  return { ...all, ...unordered('HostConfig.Binds'), ...unordered('Env') };
}

export type Body = Readonly<Record<string, unknown>>;

function unlike(body: Body, plain: Body): Body {
  const names = new Set([...Object.keys(body), ...Object.keys(plain)]);
  const pairs = [...names].filter((name) => !isDeepStrictEqual(body[name], plain[name])).map((name) => [name, body[name] ?? null]);
  return Object.fromEntries(pairs) as Body;
}

function prefixed(body: Body): Body {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [`HostConfig.${name}`, value]));
}

if (import.meta.main) {
  await using engine = await FakeEngine.start((request, response) => {
    if (request.path !== '/containers/create') return false;
    sendJson(response, 201, { Id: 'abc', Warnings: [] });
    return true;
  });
  using files = sampleFiles();
  const plain = await record('busybox', files.path, engine);
  const lines = [JSON.stringify({ line: 'busybox', body: plain })];
  for (const line of CREATE_COMMAND_LINES) {
    const body = await record(line, files.path, engine);
    lines.push(JSON.stringify('error' in body ? { line, error: body['error'] } : { line, differs: differences(body, plain) }));
  }
  process.stdout.write(`[\n${lines.join(',\n')}\n]\n`);
}
