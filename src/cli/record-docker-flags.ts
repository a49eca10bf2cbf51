import { spawnSync } from 'node:child_process';

/*
 * Records the flags of every verb from Docker's own help:
 *   node src/cli/record-docker-flags.ts > src/cli/docker-flags.golden.json
 */

/** The verbs that are compared, as they are typed. */
const VERBS: readonly string[] = [
  'attach', 'container inspect', 'container prune', 'create', 'events', 'exec', 'history', 'image inspect', 'image ls', 'image prune', 'images',
  'import', 'info', 'inspect', 'kill', 'load', 'login', 'logout', 'logs', 'network inspect', 'network ls', 'pause', 'port', 'ps', 'pull', 'rename',
  'restart', 'rm', 'rmi', 'run', 'save', 'start', 'stats', 'stop', 'system df', 'system events', 'system info', 'system prune', 'tag', 'top', 'unpause', 'update', 'version',
  'volume create', 'volume inspect', 'volume ls', 'volume prune', 'volume rm', 'wait',
];

/** `SHORT --NAME TYPE DEFAULT`, one text per flag; and what stands behind the verb's name. */
export interface DockerHelp {
  readonly usage: string;
  readonly flags: readonly string[];
}

function helpOf(verb: string): DockerHelp {
  // Help is wrapped to the terminal, whose width only a terminal can tell.
  const script = `stty cols 4000 && docker ${verb} --help`;
  const text = spawnSync('script', ['-qec', script, '/dev/null'], { input: '', encoding: 'utf8' }).stdout.replaceAll('\r', '');
  const usage = /^Usage: {2}docker (.*)$/m.exec(text)?.[1]?.slice(verb.length).trim() ?? '';
  const flags = text.split('\n').flatMap((line) => {
    const match = /^ {2}(?:-(\w), | {4})--([\w-]+)(?: ([a-z0-9-]+))? {3,}(.*)$/.exec(line);
    if (match === null || match[2] === 'help') return [];
    const [, short = '', name = '', type = '', help = ''] = match;
    return [flagText({ short, name, type, shown: / \(default (\S+)\)$/.exec(help)?.[1] ?? '' })];
  });
  return { usage, flags };
}

export function flagText({ short, name, type, shown }: { short: string; name: string; type: string; shown: string }): string {
  return `${short === '' ? '' : `-${short} `}--${name}${type === '' ? '' : ` ${type}`}${shown === '' ? '' : ` (${shown})`}`;
}

if (import.meta.main) {
  const all = Object.fromEntries(VERBS.map((verb) => [verb, helpOf(verb)]));
  process.stdout.write(`${JSON.stringify(all, null, 1)}\n`);
}
