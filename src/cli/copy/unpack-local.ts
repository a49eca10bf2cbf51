import { spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, linkSync, lstatSync, lutimesSync, mkdirSync, rmSync, symlinkSync, utimesSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { CommandFailure } from '../command.ts';

/**
 * Unpacks an archive that a container made into a folder here. What it says is not trusted: no name climbs, and nothing
 * is written through a link that the archive itself has brought.
 *
 * @param renamed what a name of the archive becomes
 */
export async function unpackLocal(archive: AsyncIterable<Uint8Array>, folder: string, renamed: (name: string) => string): Promise<void> {
  const reader = extract();
  const feeding = pipeline(archive, reader as unknown as Writable);
  const times: (readonly [string, Date])[] = [];
  const unpacking = (async () => {
    for await (const entry of reader) {
      const { header } = entry;
      const path = placeOf(folder, renamed(header.name));
      if (header.type === 'directory' && header.mtime) times.unshift([path, header.mtime]);
      await make(path, entry as unknown as Readable, header, () => placeOf(folder, renamed(header.linkname ?? '')));
      entry.resume();
    }
  })();
  await Promise.all([feeding, unpacking]);
  for (const [path, mtime] of times) utimesSync(path, mtime, mtime);
}

function placeOf(folder: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new CommandFailure(`invalid entry name ${JSON.stringify(name)}`, 1);
  let path = folder;
  for (const part of parts.slice(0, -1)) {
    path = join(path, part);
    if (factsOf(path)?.isSymbolicLink()) throw new CommandFailure(`the archive leads through a symbolic link: ${path}`, 1);
  }
  return join(folder, ...parts);
}

async function make(path: string, entry: Readable, header: Header, target: () => string): Promise<void> {
  const there = factsOf(path);
  const isFolder = header.type === 'directory';
  if (there && there.isDirectory() !== isFolder) {
    const [now, then] = isFolder ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
    throw new CommandFailure(`cannot overwrite ${now} ${JSON.stringify(path)} with ${then} ${JSON.stringify(dirname(path))}`, 1);
  }
  if (there && !isFolder) rmSync(path);
  mkdirSync(dirname(path), { recursive: true });
  const mode = (header.mode ?? 0o644) & 0o7777;
  switch (header.type) {
    case 'directory':
      if (!there) mkdirSync(path);
      chmodSync(path, mode);
      return;
    case 'symlink':
      symlinkSync(header.linkname ?? '', path);
      if (header.mtime) lutimesSync(path, header.mtime, header.mtime);
      return;
    case 'link':
      linkSync(target(), path);
      return;
    case 'fifo':
    case 'character-device':
    case 'block-device':
      makeNode(path, header);
      break;
    case 'file':
    case 'contiguous-file':
      await pipeline(entry, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
      break;
    default:
      header.type satisfies never;
  }
  chmodSync(path, mode);
  if (header.mtime) utimesSync(path, header.mtime, header.mtime);
}

/** Node has no call for it. */
function makeNode(path: string, { type, devmajor, devminor }: Header): void {
  const what = type === 'fifo' ? ['p'] : [type === 'block-device' ? 'b' : 'c', String(devmajor ?? 0), String(devminor ?? 0)];
  const made = spawnSync('mknod', ['--', path, ...what], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (made.status !== 0) throw new CommandFailure(made.stderr?.toString().trim() || `mknod ${path} failed`, 1);
}

function factsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
