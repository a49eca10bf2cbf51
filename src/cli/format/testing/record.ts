/**
 * Asks docker's command line for everything in `calls.ts`, in front of an engine that gives the answers of
 * `answers.json`, and writes down what it prints. For maintainers: `node src/cli/format/testing/record.ts`.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersAt, type Answers } from './answers.ts';
import { allCalls } from './calls.ts';
import type { Words } from './render.ts';

/** What docker printed for one call: its output, or its message where it failed. */
export interface Recorded {
  readonly words: Words;
  readonly output?: string;
  readonly failure?: string;
}

function serve(answers: Answers, socket: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://engine').pathname.replace(/^\/v[\d.]+/, '').slice(1);
    response.setHeader('Api-Version', '1.51');
    response.setHeader('Ostype', 'linux');
    response.setHeader('Content-Type', 'application/json');
    if (path === '_ping') return void response.end('OK');
    if (answers[path] === undefined) return void response.writeHead(404).end(JSON.stringify({ message: `no answer for ${path}` }));
    return void response.end(JSON.stringify(answers[path]));
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(server)));
}

function ask(words: Words, socket: string): Promise<Recorded> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TZ: 'UTC', DOCKER_HOST: `unix://${socket}` };
  return new Promise((resolve) => {
    execFile('docker', words, { env }, (error, stdout, stderr) => {
      // Docker ends what it had begun with a newline before the message.
      resolve(error === null ? { words, output: stdout } : { words, failure: stderr.replace(/^WARNING: .*\n/gm, '').replace(/\n+$/, '') });
    });
  });
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'onggi-record-'));
  const socket = join(folder, 'engine.sock');
  const recordedAt = Math.floor(Date.now() / 1000);
  const server = await serve(answersAt(recordedAt), socket);
  const recorded: Recorded[] = [];
  for (const words of allCalls()) recorded.push(await ask(words, socket));
  server.close();
  await rm(folder, { recursive: true });
  const lines = recorded.map((entry) => JSON.stringify(entry)).join(',\n');
  writeFileSync(new URL('recorded.json', import.meta.url), `{"recordedAt":${recordedAt},"calls":[\n${lines}\n]}\n`);
  process.stdout.write(`${recorded.length} calls\n`);
}
