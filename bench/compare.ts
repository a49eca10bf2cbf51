// compare.ts OURS PEER [CASE...] [--rounds N] [--lines N] [--json FILE]
// Times the same docker commands against two engines in turn (A B A B) in one run. OURS and PEER are unix sockets.
// `ratio` is that of the medians: below 1, OURS is faster. The ratio of the fastest rounds stands beside it: on a machine
// with other work it is the steadier one.
import { randomBytes } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BUSYBOX, busyboxArchive, bigArchive } from './archives.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '9' }, lines: { type: 'string', default: '1000000' }, json: { type: 'string' } },
});
const [ours, peer, ...wanted] = positionals;
if (ours === undefined || peer === undefined) {
  console.error('usage: compare.ts OURS.sock PEER.sock [CASE...] [--rounds N] [--lines N] [--json FILE]');
  process.exit(2);
}
const ROUNDS = Number(flags.rounds);
const LINES = Number(flags.lines);

interface Row {
  readonly name: string;
  readonly oursMs: number;
  readonly peerMs: number;
  readonly ratio: number;
  readonly oursLeastMs: number;
  readonly peerLeastMs: number;
}
const rows: Row[] = [];

async function docker(socket: string, args: readonly string[], input?: Buffer): Promise<string> {
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}`, DOCKER_CLI_HINTS: 'false' };
  const child = spawn('docker', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  if (code !== 0) throw new Error(`docker ${args.join(' ').slice(0, 200)}: ${Buffer.concat(err).toString().slice(-400)}`);
  return Buffer.concat(out).toString();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** `time` answers milliseconds; the first round of each engine warms up and does not count. */
async function pair(name: string, time: (socket: string) => Promise<number>, rounds = ROUNDS): Promise<void> {
  const got: Record<string, number[]> = { [ours as string]: [], [peer as string]: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const socket of [ours, peer] as string[]) {
      const ms = await time(socket);
      if (round > 0) got[socket]?.push(ms);
    }
  }
  const [mine, theirs] = [got[ours as string] ?? [], got[peer as string] ?? []];
  const row: Row = {
    name,
    oursMs: median(mine), peerMs: median(theirs), ratio: median(mine) / median(theirs),
    oursLeastMs: Math.min(...mine), peerLeastMs: Math.min(...theirs),
  };
  rows.push(row);
  const ms = (value: number): string => `${value.toFixed(1).padStart(8)} ms`;
  console.log(
    `${name.padEnd(11)} ours ${ms(row.oursMs)}  peer ${ms(row.peerMs)}  ratio ${row.ratio.toFixed(3)}` +
      `   least ${ms(row.oursLeastMs)} ${ms(row.peerLeastMs)}  ${(row.oursLeastMs / row.peerLeastMs).toFixed(3)}`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const remove = (socket: string, name: string): Promise<unknown> => docker(socket, ['rm', '-f', name]).catch(() => '');

const writeLog = async (socket: string, name: string): Promise<void> => {
  await docker(socket, ['run', '-d', '--name', name, '--log-opt', 'max-size=2g', BUSYBOX, 'sh', '-c', `yes ${'x'.repeat(99)} | head -n ${LINES}`]);
  await docker(socket, ['wait', name]);
};

const cases: Readonly<Record<string, () => Promise<void>>> = {
  run: () => pair('run', (socket) => timed(() => docker(socket, ['run', '--rm', BUSYBOX, 'true']))),
  'run-none': () => pair('run-none', (socket) => timed(() => docker(socket, ['run', '--rm', '--network', 'none', BUSYBOX, 'true']))),
  'run-port': () => pair('run-port', (socket) => timed(() => docker(socket, ['run', '--rm', '-p', '20000:80', BUSYBOX, 'true']))),
  exec: async () => {
    for (const socket of [ours, peer]) await docker(socket, ['run', '-d', '--name', 'bench-exec', BUSYBOX, 'sleep', '600']);
    await pair('exec', (socket) => timed(() => docker(socket, ['exec', 'bench-exec', 'true'])));
    for (const socket of [ours, peer]) await remove(socket, 'bench-exec');
  },
  'log-write': () => pair('log-write', async (socket) => {
    const ms = await timed(() => writeLog(socket, 'bench-log'));
    await remove(socket, 'bench-log');
    return ms;
  }, 3),
  'log-tail': async () => {
    for (const socket of [ours, peer]) {
      await remove(socket, 'bench-filled');
      await writeLog(socket, 'bench-filled');
      const lines = (await docker(socket, ['logs', 'bench-filled'])).split('\n').length - 1;
      console.log(`${socket}: ${lines} of ${LINES} lines are in the log`);
    }
    await pair('log-tail', (socket) => timed(() => docker(socket, ['logs', '--tail', '10', 'bench-filled'])));
    await pair('log-tail-0', (socket) => timed(() => docker(socket, ['logs', '--tail', '0', 'bench-filled'])));
    for (const socket of [ours, peer]) await remove(socket, 'bench-filled');
  },
  load: async () => {
    const archive = bigArchive(() => randomBytes(32 << 20), 4);
    await pair('load', async (socket) => {
      await docker(socket, ['rmi', '-f', 'bench/big:1']).catch(() => '');
      // what the other engine left to be written, and the removal, are nobody's part of this load
      execFileSync('sync');
      return timed(() => docker(socket, ['load'], archive));
    });
  },
  ports: () => pair('ports', async (socket) => {
    const ms = await timed(() => docker(socket, ['run', '-d', '--name', 'bench-ports', '-p', '127.0.0.1:20000-20199:20000-20199', BUSYBOX, 'sleep', '600']));
    await remove(socket, 'bench-ports');
    return ms;
  }, 2),
};

for (const socket of [ours, peer]) await docker(socket, ['load'], busyboxArchive());
for (const name of wanted.length > 0 ? wanted : Object.keys(cases)) {
  const one = cases[name];
  if (!one) throw new Error(`no case is called ${name}; there are: ${Object.keys(cases).join(' ')}`);
  await one().catch((thrown: unknown) => console.log(`${name.padEnd(12)} FAILED ${String(thrown)}`));
}
if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(rows, null, 1));
