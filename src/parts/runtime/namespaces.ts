import { EngineError } from '#base/errors.ts';
import type { OciNamespace } from './oci-spec.ts';

/** `private` is a new one, `host` none at all; a path is that of one which is there. */
export type NamespaceChoice = 'private' | 'host' | JoinedNamespace;

export interface JoinedNamespace {
  readonly path: string;
  /** It is another container's, whose settings stay; not a sandbox made for this one. */
  readonly shared?: boolean;
}

export interface ContainerNamespaces {
  readonly network: NamespaceChoice;
  readonly pid: NamespaceChoice;
  readonly ipc: NamespaceChoice;
  readonly uts: NamespaceChoice;
  readonly cgroup: NamespaceChoice;
}

/** In Docker's order. A container always has a mount namespace of its own. */
export function namespacesOf(choice: ContainerNamespaces): OciNamespace[] {
  const rest = [
    ['network', choice.network],
    ['uts', choice.uts],
    ['pid', choice.pid],
    ['ipc', choice.ipc],
    ['cgroup', choice.cgroup],
  ] as const;
  const made = rest.flatMap(([type, wanted]): OciNamespace[] => {
    if (wanted === 'host') return [];
    return [wanted === 'private' ? { type } : { type, path: wanted.path }];
  });
  return [{ type: 'mount' }, ...made];
}

/** What `--ipc`, `--pid`, `--uts`, `--cgroupns` and `--network` may say, `container:` apart. */
const MODES = {
  ipc: { words: ['', 'none', 'private', 'shareable', 'host'], noun: 'IPC mode' },
  pid: { words: ['', 'host'], noun: 'PID mode' },
  uts: { words: ['', 'host'], noun: 'UTS mode' },
  cgroup: { words: ['', 'private', 'host'], noun: 'cgroup namespace mode' },
} as const;

/**
 * Docker's check at create.
 *
 * @throws {EngineError} `invalid`: `invalid IPC mode: foo`
 */
export function checkNamespaceMode(kind: keyof typeof MODES, mode: string): void {
  const { words, noun } = MODES[kind];
  const joins = (kind === 'ipc' || kind === 'pid') && mode.startsWith('container:');
  if (!joins && !(words as readonly string[]).includes(mode)) throw new EngineError('invalid', `invalid ${noun}: ${mode}`);
}

/** The container that `container:NAME` refers to; undefined for any other mode. */
export function containerOfMode(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}
