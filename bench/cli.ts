// cli.ts [--rounds N]: what `onggi version` and `onggi ps` cost over Node's own empty start, what the engine takes while
// idle, and what one shim takes. Run it beside an engine (scripts/sandbox -- node bench/cli.ts).
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const ONGGI = join(import.meta.dirname, '../bin/onggi');
const EMPTY = '/tmp/onggi-bench-empty.mjs';
writeFileSync(EMPTY, '');

function medianMs(file: string, args: readonly string[]): number {
  const times = Array.from({ length: Number(values.rounds) + 1 }, () => {
    const begun = performance.now();
    const { status } = spawnSync(file, args, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}`);
    return performance.now() - begun;
  }).slice(1);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

/** KiB of a field of smaps_rollup. */
function memory(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? NaN);
}

const empty = medianMs(process.execPath, [EMPTY]);
console.log(`node, empty        ${empty.toFixed(1)} ms`);
for (const args of [['version'], ['ps'], ['ps', '-a', '--format', '{{.ID}} {{.Names}}']]) {
  const ms = medianMs(ONGGI, args);
  console.log(`onggi ${args.join(' ').padEnd(12)} ${ms.toFixed(1)} ms, ${(ms - empty).toFixed(1)} more than empty`);
}
const engine = Number(readFileSync(process.env['ONGGI_PIDFILE'] ?? '/var/run/onggi.pid', 'utf8'));
console.log(`onggid             ${(memory(engine, 'Rss') / 1024).toFixed(1)} MB resident, ${(memory(engine, 'Pss') / 1024).toFixed(1)} MB proportional`);
const id = execFileSync(ONGGI, ['run', '-d', 'busybox', 'sleep', '100'], { encoding: 'utf8' }).trim();
const shims = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes(id) && commandOf(name).includes('onggi-shim'));
for (const pid of shims.map(Number)) {
  console.log(`shim               ${memory(pid, 'Private_Clean') + memory(pid, 'Private_Dirty')} kB private, ${memory(pid, 'Rss')} kB resident`);
}
execFileSync(ONGGI, ['rm', '-f', id], { stdio: 'ignore' });

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
