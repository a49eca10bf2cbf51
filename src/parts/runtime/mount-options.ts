import { EngineError } from '#base/errors.ts';
import type { OciMount } from './oci-spec.ts';
import { tmpfsOptions } from './tmpfs-options.ts';

const PROPAGATIONS: ReadonlySet<string> = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
const CONSISTENCIES: ReadonlySet<string> = new Set(['consistent', 'cached', 'delegated', 'default']);

/** `-v SOURCE:TARGET:OPTIONS`. An empty source is a volume without a name. */
export interface BindText {
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** What the option words of a `-v` mean. */
export interface BindMode {
  readonly readOnly: boolean;
  /** Empty: not given. */
  readonly propagation: string;
  /** Do not fill an empty volume with the image's files. */
  readonly noCopy: boolean;
  /** `z`, `Z` or empty. */
  readonly selinux: string;
}

/**
 * Splits and checks one `-v` (moby volume/mounts/linux_parser.go). Paths come back as given.
 *
 * @throws {EngineError} `internal`, which is what Docker answers: `invalid volume specification: '…'`, `invalid mode: …`
 */
export function parseBind(text: string): BindText {
  const parts = text.split(':');
  if (parts.length > 3 || parts[0] === '') throw invalidVolume(text);
  const [first = '', second, third] = parts;
  if (second === undefined) {
    checkTarget(text, 'volume', first);
    return { source: '', target: first, options: [] };
  }
  // A target with a mode but no source: Docker has no such form.
  if (third === undefined && isMode(second)) throw invalidVolume(text);
  const options = third === undefined || third === '' ? [] : third.split(',');
  const mode = parseBindMode(options);
  const type = first.startsWith('/') ? 'bind' : 'volume';
  checkTarget(text, type, second);
  if (type === 'bind' && mode.noCopy) throw misplaced(text, type, 'VolumeOptions');
  if (type === 'volume' && mode.propagation !== '') throw misplaced(text, type, 'BindOptions');
  return { source: first, target: second, options };
}

/** @throws {EngineError} `internal`: `invalid mode: …` for a word that is unknown, or one too many of its kind */
export function parseBindMode(options: readonly string[]): BindMode {
  const found = new Map<string, string>();
  for (const word of options) {
    const kind = kindOf(word);
    if (kind === undefined || found.has(kind)) throw new EngineError('internal', `invalid mode: ${options.join(',')}`);
    found.set(kind, word);
  }
  return {
    readOnly: found.get('access') === 'ro',
    propagation: found.get('propagation') ?? '',
    noCopy: found.has('copy'),
    selinux: found.get('selinux') ?? '',
  };
}

function isMode(text: string): boolean {
  try {
    parseBindMode(text.split(','));
    return text !== '';
  } catch {
    return false;
  }
}

function kindOf(word: string): string | undefined {
  if (word === 'ro' || word === 'rw') return 'access';
  if (word === 'z' || word === 'Z') return 'selinux';
  if (word === 'nocopy') return 'copy';
  if (PROPAGATIONS.has(word)) return 'propagation';
  return CONSISTENCIES.has(word) ? 'consistency' : undefined;
}

function checkTarget(text: string, type: string, target: string): void {
  const wrong = (why: string): EngineError => new EngineError('internal', `invalid volume specification: '${text}': invalid mount config for type "${type}": ${why}`);
  if (target === '') throw wrong('field Target must not be empty');
  if (!target.startsWith('/')) throw wrong(`invalid mount path: '${target}' mount path must be absolute`);
  if (/^\/+$/.test(target)) throw wrong("invalid specification: destination can't be '/'");
}

function invalidVolume(text: string): EngineError {
  return new EngineError('internal', `invalid volume specification: '${text}'`);
}

function misplaced(text: string, type: string, field: string): EngineError {
  return new EngineError('internal', `invalid volume specification: '${text}': invalid mount config for type "${type}": field ${field} must not be specified`);
}

/** A directory or file of the host that the container sees. */
export interface BindMount {
  readonly type: 'bind';
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** With a recursive bind, leave what is mounted below writable. */
  readonly readOnlyNonRecursive?: boolean;
  /** Without what is mounted below the source. */
  readonly nonRecursive?: boolean;
  /** Empty for volumes; `rprivate` is Docker's default for binds. */
  readonly propagation: string;
}

export interface TmpfsMount {
  readonly type: 'tmpfs';
  readonly destination: string;
  /** As with `--tmpfs`: `size=64m,mode=1777`. */
  readonly options: string;
}

export type ContainerMount = BindMount | TmpfsMount;

/** @param recursiveReadOnly whether the runtime knows the option `rro` */
export function ociMount(mount: ContainerMount, recursiveReadOnly: boolean): OciMount {
  if (mount.type === 'tmpfs') return { destination: mount.destination, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(mount.options) };
  const options = [mount.nonRecursive ? 'bind' : 'rbind'];
  const deep = recursiveReadOnly && !mount.nonRecursive && !mount.readOnlyNonRecursive;
  if (mount.readOnly) options.push(deep ? 'rro' : 'ro');
  if (mount.propagation !== '') options.push(mount.propagation);
  return { destination: mount.destination, type: 'bind', source: mount.source, options };
}
