import { posix } from 'node:path';
import { EngineError } from '#base/errors.ts';
import type { BindSetting } from '#engine/containers/spec.ts';

/** Groups of options of which one alone may be given (moby volume/mounts/linux_parser.go). */
const GROUPS: readonly ReadonlySet<string>[] = [
  new Set(['ro', 'rw']),
  new Set(['z', 'Z']),
  new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']),
  new Set(['nocopy']),
  new Set(['consistent', 'cached', 'delegated', 'default']),
];
const PROPAGATION = 2;
const COPY = 3;

/**
 * Reads one `-v`: `target`, `source:target` or `source:target:options`.
 *
 * @throws {EngineError} `internal` with dockerd's words: it answers 500 for these
 */
export function parseBind(bind: string): BindSetting {
  const parts = bind.split(':');
  if (parts.length > 3 || parts[0] === '' || bind.endsWith('::')) throw invalidBind(bind);
  if (parts.length === 1) {
    assertTarget(bind, bind, 'volume');
    return { source: '', target: bind, options: [] };
  }
  const [source = '', target = '', mode = ''] = parts;
  // a target with a mode but no source: no form of Docker's
  if (parts.length === 2 && (target === '' || groupsOf(target.split(',')))) throw invalidBind(bind);
  const options = mode === '' ? [] : mode.split(',');
  const used = groupsOf(options);
  if (!used) throw new EngineError('internal', `invalid mode: ${mode}`);
  const type = source.startsWith('/') ? 'bind' : 'volume';
  assertTarget(bind, target, type);
  if (type === 'bind' && used.has(COPY)) throw invalidBind(bind, `invalid mount config for type "bind": field VolumeOptions must not be specified`);
  if (type === 'volume' && used.has(PROPAGATION)) {
    throw invalidBind(bind, `invalid mount config for type "volume": field BindOptions must not be specified`);
  }
  return { source, target, options };
}

function groupsOf(options: readonly string[]): ReadonlySet<number> | undefined {
  const used = new Set<number>();
  for (const option of options) {
    const group = GROUPS.findIndex((names) => names.has(option));
    if (group < 0 || used.has(group)) return undefined;
    used.add(group);
  }
  return used;
}

function assertTarget(bind: string, target: string, type: 'bind' | 'volume'): void {
  const problem = problemOfTarget(target);
  if (problem !== undefined) throw invalidBind(bind, `invalid mount config for type "${type}": ${problem}`);
}

/** What dockerd has against a place in the container; undefined where it is well. */
export function problemOfTarget(target: string): string | undefined {
  if (target === '') return 'field Target must not be empty';
  if (!target.startsWith('/')) return `invalid mount path: '${target}' mount path must be absolute`;
  return posix.normalize(target) === '/' ? `invalid specification: destination can't be '/'` : undefined;
}

function invalidBind(bind: string, why?: string): EngineError {
  return new EngineError('internal', `invalid volume specification: '${bind}'${why === undefined ? '' : `: ${why}`}`);
}
