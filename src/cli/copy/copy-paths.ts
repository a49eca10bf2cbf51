import { posix } from 'node:path';
import { CommandFailure } from '../command.ts';

/** One side of a copy: a path here, or one in a container. */
export interface CopyEnd {
  /** Empty for a path here. */
  readonly container: string;
  readonly path: string;
}

/** `web:/etc/x`; what begins with `/` or `.`, or has no colon, is here. */
export function parseEnd(argument: string): CopyEnd {
  const colon = argument.indexOf(':');
  if (argument.startsWith('/') || argument.startsWith('.') || colon < 0) return { container: '', path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/** `/.` at the end: what is in the folder, not the folder. */
export function meansContents(path: string): boolean {
  return path === '' || posix.basename(path) === '.';
}

/** Whether only a folder can be meant. */
export function meansFolder(path: string): boolean {
  return path.endsWith('/') || meansContents(path);
}

/** The path made clean, with what stands at the end of `original` kept. */
export function keepingEnd(clean: string, original: string): string {
  const contents = !meansContents(clean) && meansContents(original) ? `${clean.replace(/\/$/, '')}/.` : clean;
  return !contents.endsWith('/') && original.endsWith('/') ? `${contents}/` : contents;
}

/** Folder and last part; the last part of `/a/.` is the dot. */
export function splitEnd(path: string): { readonly folder: string; readonly base: string } {
  const clean = posix.normalize(path).replace(/(.)\/+$/, '$1');
  const whole = meansContents(path) && !meansContents(clean) ? `${clean}/.` : clean;
  const slash = whole.lastIndexOf('/');
  return { folder: slash < 0 ? '' : whole.slice(0, slash) || '/', base: whole.slice(slash + 1) };
}

/** A link's target in its place: keeps the end, and the name that was asked for. */
export function followedPath(path: string, target: string): { readonly path: string; readonly name: string } {
  const found = keepingEnd(target, path);
  const base = (text: string): string => (meansContents(text) ? '.' : posix.basename(text));
  return { path: found, name: base(path) === base(found) ? '' : base(path) };
}

export interface CopySource {
  readonly path: string;
  readonly isFolder: boolean;
  /** Its name in the archive, where that is not the path's last part; empty otherwise. */
  readonly name: string;
}

export interface CopyTarget {
  readonly path: string;
  readonly exists: boolean;
  readonly isFolder: boolean;
}

/** The folder into which an archive is unpacked, and what the first part of its names becomes. */
export interface CopyPlan {
  readonly folder: string;
  readonly from: string;
  readonly to: string;
}

/** Docker's table of what `cp` does. @throws {CommandFailure} where it makes no sense */
export function planCopy(source: CopySource, target: CopyTarget): CopyPlan {
  const { base } = splitEnd(source.path);
  const from = source.name || base;
  if (target.exists && target.isFolder) return { folder: target.path, from, to: from };
  const { folder, base: to } = splitEnd(target.path);
  if (target.exists && source.isFolder) throw new CommandFailure('cannot copy directory', 1);
  if (!target.exists && !source.isFolder && meansFolder(target.path)) throw new CommandFailure('no such directory', 1);
  return { folder, from, to };
}

/** A name of the archive by the plan: the first part is exchanged. */
export function renamed(name: string, { from, to }: Pick<CopyPlan, 'from' | 'to'>): string {
  const old = from === '/' ? '' : from;
  if (name === old) return to;
  return name.startsWith(`${old}/`) ? to + name.slice(old.length) : name;
}
