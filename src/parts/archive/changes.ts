import { codeOf } from '#base/errors.ts';
import { Directory, namesIn } from '#parts/host/container-root.ts';
import { FILE_TYPE, O, openAt, statAt, type FileFacts } from '#parts/host/files.ts';
import { getXattrAt } from '#parts/host/xattrs.ts';
import { isWhiteout, LowerFolders } from './lower-folders.ts';
import { isEnginesOwn } from './own-files.ts';
import { nameText } from './tree-packer.ts';

/** A container's files over the layers that they stand on. */
export interface LayeredTree {
  /** What the container wrote, in overlayfs' form. */
  readonly upper: string;
  /** The topmost first. */
  readonly lower: readonly string[];
  /** `upper` has all files, not the changed ones alone: what is not there is gone. */
  readonly complete: boolean;
}

export type ChangeKind = 'modified' | 'added' | 'deleted';

export interface Change {
  readonly kind: ChangeKind;
  /** Absolute. */
  readonly path: string;
}

/** One name that is not as it was. */
export interface ChangedNode {
  /** The open folder that holds it, unless it is deleted. */
  readonly folder: number;
  /** Ends with a NUL. */
  readonly name: Uint8Array;
  /** From the root, without a slash at the beginning, as bytes. */
  readonly path: string;
  /** A folder that was made anew in the place of another one: nothing of the old one's content is in it. */
  readonly replaced: boolean;
  /** Deleted, since it is not in a folder that was made anew. */
  readonly byReplacement: boolean;
}

export interface ChangeSink {
  changed(kind: ChangeKind, node: ChangedNode): void;
  /** A file that lies in `upper` and looks the same, such as one that was opened for writing and not written to. */
  same?(node: ChangedNode): void;
}

const OPAQUE = 'trusted.overlay.opaque';

/**
 * Tells a sink what changed in a tree: folders before what is in them, names in the order of their bytes. A folder in which
 * something changed counts as modified, as with Docker. Only the container's own files are walked, however large
 * the image is.
 */
export function walkChanges(tree: LayeredTree, sink: ChangeSink): void {
  using upper = Directory.open(tree.upper);
  using lower = LowerFolders.open(tree.lower);
  new Walk(tree.complete, sink).folder(upper.fd, lower, { path: '', replaced: false });
}

/** The same as a list. */
export function listChanges(tree: LayeredTree): Change[] {
  const changes: Change[] = [];
  walkChanges(tree, { changed: (kind, { path }) => changes.push({ kind, path: `/${Buffer.from(path, 'latin1').toString()}` }) });
  return changes;
}

interface Place {
  readonly path: string;
  readonly replaced: boolean;
}

class Walk {
  readonly #complete: boolean;
  readonly #sink: ChangeSink;
  /** Folders above the current one that are told once something in them is. */
  readonly #pending: { readonly kind: ChangeKind; readonly node: ChangedNode }[] = [];

  constructor(complete: boolean, sink: ChangeSink) {
    this.#complete = complete;
    this.#sink = sink;
  }

  folder(upper: number, lower: LowerFolders, { path, replaced }: Place): void {
    const own = new Map([...namesIn(upper)].map((name) => [nameText(name), name]));
    const gone = this.#complete || replaced ? lower.names().filter((name) => !own.has(name)) : [];
    for (const text of [...own.keys(), ...gone].sort()) {
      const name = own.get(text);
      const node: ChangedNode = {
        folder: upper, name: name ?? Buffer.from(`${text}\0`, 'latin1'), path: path === '' ? text : `${path}/${text}`, replaced: false, byReplacement: replaced,
      };
      if (name) this.#name(node, lower);
      else this.#tell('deleted', node);
    }
  }

  #name(node: ChangedNode, lower: LowerFolders): void {
    const facts = factsOf(node);
    if (!facts) return;
    using below = lower.find(node.name);
    if (!this.#complete && isWhiteout(facts)) {
      if (below) this.#tell('deleted', node);
      return;
    }
    const kind = !below ? 'added' : this.#differs(node, facts, below) ? 'modified' : undefined;
    if (facts.type === FILE_TYPE.directory) this.#subfolder(node, kind, below);
    else if (kind === 'added' && isEnginesOwn(node.path, facts)) return;
    else if (kind) this.#tell(kind, node);
    else this.#sink.same?.(node);
  }

  #subfolder(plain: ChangedNode, kind: ChangeKind | undefined, below: { readonly facts: FileFacts; readonly folders: LowerFolders } | undefined): void {
    const replaced = !this.#complete && below !== undefined && getXattrAt(plain.folder, plain.name, OPAQUE)?.toString() === 'y';
    const node = { ...plain, replaced };
    const waits = kind === undefined || (kind === 'added' && isEnginesOwn(node.path, { type: FILE_TYPE.directory, sizeBytes: 0 }));
    const depth = this.#pending.length;
    if (waits) this.#pending.push({ kind: kind ?? 'modified', node });
    else this.#tell(kind, node);
    using folder = openFolder(node);
    if (folder) this.folder(folder.fd, below?.folders ?? LowerFolders.none, { path: node.path, replaced });
    if (this.#pending.length > depth) this.#pending.length = depth;
  }

  #tell(kind: ChangeKind, node: ChangedNode): void {
    for (const above of this.#pending.splice(0)) this.#sink.changed(above.kind, above.node);
    this.#sink.changed(kind, node);
  }

  #differs(node: ChangedNode, facts: FileFacts, below: { readonly facts: FileFacts; capability(): Buffer | undefined }): boolean {
    const old = below.facts;
    if (facts.type !== old.type || facts.mode !== old.mode || facts.uid !== old.uid || facts.gid !== old.gid) return true;
    // as Docker: size and time say nothing of a folder
    if (facts.type === FILE_TYPE.directory) return false;
    if (facts.sizeBytes !== old.sizeBytes || !isSameTime(facts, old)) return true;
    if (facts.device.major !== old.device.major || facts.device.minor !== old.device.minor) return true;
    if (facts.type !== FILE_TYPE.regular) return false;
    const capability = getXattrAt(node.folder, node.name, 'security.capability');
    return !Buffer.from(capability ?? []).equals(below.capability() ?? Buffer.alloc(0));
  }
}

/** Archives that carry whole seconds only have none to compare. */
function isSameTime({ modified: a }: FileFacts, { modified: b }: FileFacts): boolean {
  return a.seconds === b.seconds && (a.nanoseconds === b.nanoseconds || a.nanoseconds === 0 || b.nanoseconds === 0);
}

/** undefined where it has gone meanwhile. */
function factsOf({ folder, name }: ChangedNode): FileFacts | undefined {
  try {
    return statAt(folder, name);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function openFolder({ folder, name }: ChangedNode): Directory | undefined {
  try {
    return new Directory(openAt(folder, name, { flags: O.directory | O.nofollow }));
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}
