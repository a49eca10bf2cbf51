import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import { digestOf } from '#parts/oci/digest.ts';
import { bytesOf, type TarEntry } from '#parts/tar/entry.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { PATH_ENV, type Recipe } from './bootstrap.ts';
import { isStaticProgram } from './elf.ts';
import { findTool, outputOf } from './run-tool.ts';

const HEAD_BYTES = 4096;

/** Directories with their permissions, where they are not 0755. */
const FOLDERS: readonly (readonly [string, number?])[] = [
  ['bin/'], ['dev/'], ['etc/'], ['home/'], ['lib/'], ['proc/'], ['root/', 0o700], ['sys/'], ['tmp/', 0o1777],
  ['usr/'], ['usr/bin/'], ['usr/sbin/'], ['var/'], ['var/spool/'], ['var/spool/mail/'], ['var/www/'],
];

const ACCOUNTS: readonly (readonly [name: string, id: number, home: string, shell: string])[] = [
  ['root', 0, '/root', '/bin/sh'],
  ['daemon', 1, '/usr/sbin', '/bin/false'],
  ['bin', 2, '/bin', '/bin/false'],
  ['sys', 3, '/dev', '/bin/false'],
  ['mail', 8, '/var/spool/mail', '/bin/false'],
  ['www-data', 33, '/var/www', '/bin/false'],
  ['nobody', 65534, '/home', '/bin/false'],
];
const GROUPS: readonly (readonly [string, number])[] = [
  ['root', 0], ['daemon', 1], ['bin', 2], ['sys', 3], ['adm', 4], ['tty', 5], ['disk', 6], ['mail', 8], ['kmem', 9],
  ['wheel', 10], ['cdrom', 11], ['dialout', 18], ['floppy', 19], ['audio', 29], ['www-data', 33], ['video', 44],
  ['users', 100], ['nogroup', 65534],
];

/**
 * The smallest image with a shell: this machine's static busybox, one name per applet, and the files that programs
 * look for.
 *
 * @throws {EngineError} `unavailable` where there is no static busybox, naming the package
 */
export async function busyboxRecipe(cancel: AbortSignal): Promise<Recipe> {
  const path = await staticBusybox();
  const program = await readFile(path);
  const applets = (await outputOf(path, ['--list'], cancel)).split('\n').filter((name) => /^[\w.[\]-]+$/.test(name));
  const createdAt = new Date(Math.floor((await stat(path)).mtimeMs / 1000) * 1000);
  const tar = busyboxTar(program, applets, createdAt);
  return {
    name: 'busybox:latest',
    key: `busybox ${digestOf(tar)}`,
    config: { env: [PATH_ENV], cmd: ['sh'] },
    createdAt,
    async *layers(say) {
      say(`Packing ${path} with ${applets.length} applets`);
      yield { createdBy: 'onggi bootstrap busybox', tar: Readable.from([tar]) };
    },
  };
}

async function staticBusybox(): Promise<string> {
  const path = await findTool('busybox');
  const advice = 'install one with "apt-get install busybox-static"';
  if (path === undefined) throw new EngineError('unavailable', `busybox is not installed on this machine: ${advice}`);
  if (!isStaticProgram((await readFile(path)).subarray(0, HEAD_BYTES))) {
    throw new EngineError('unavailable', `${path} needs libraries that its image would not have: ${advice}`);
  }
  return path;
}

/** The root file system as one tar. Equal input gives equal bytes. */
export function busyboxTar(program: Uint8Array, applets: readonly string[], modifiedAt: Date): Buffer {
  const parts: Uint8Array[] = [];
  const some: Partial<TarEntry> = { modified: { seconds: Math.floor(modifiedAt.getTime() / 1000), nanoseconds: 0 } };
  const add = (entry: TarEntry, data: Uint8Array = Buffer.alloc(0)): void => void parts.push(tarHeader(entry), data, Buffer.alloc(paddingOf(data.length)));
  const addFile = (path: string, text: string, mode = 0o644): void => {
    const data = Buffer.from(text);
    add(plainEntry('file', path, { ...some, mode, sizeBytes: data.length }), data);
  };
  for (const [path, mode] of FOLDERS) add(plainEntry('directory', path, { ...some, mode: mode ?? 0o755 }));
  add(plainEntry('file', 'bin/busybox', { ...some, mode: 0o755, sizeBytes: program.length }), program);
  for (const name of applets.toSorted()) {
    if (name !== 'busybox') add(plainEntry('link', `bin/${name}`, { ...some, mode: 0o755, linkPath: bytesOf('bin/busybox') }));
  }
  add(plainEntry('symlink', 'usr/bin/env', { ...some, mode: 0o777, linkPath: bytesOf('../../bin/env') }));
  addFile('etc/passwd', ACCOUNTS.map(([name, id, home, shell]) => `${name}:x:${id}:${id}:${name}:${home}:${shell}\n`).join(''));
  addFile('etc/group', GROUPS.map(([name, id]) => `${name}:x:${id}:\n`).join(''));
  addFile('etc/shadow', ACCOUNTS.map(([name]) => `${name}:*:10933:0:99999:7:::\n`).join(''), 0o640);
  addFile('etc/nsswitch.conf', 'hosts: files dns\n');
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}
