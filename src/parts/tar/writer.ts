import { EngineError } from '#base/errors.ts';
import { bytesOf, quoted, type EntryType, type TarEntry } from './entry.ts';
import { BLOCK_BYTES } from './header.ts';

/** Two blocks of zeros: the end of an archive. */
export const END_OF_ARCHIVE: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

const FLAG_OF: Readonly<Record<EntryType, string>> = {
  file: '0', link: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6',
};

/** How many zeros follow an entry's data. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** An entry with the usual values, from text. */
export function plainEntry(type: EntryType, path: string, some: Partial<TarEntry> = {}): TarEntry {
  return {
    type,
    path: bytesOf(path),
    linkPath: '',
    mode: type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    modified: { seconds: 0, nanoseconds: 0 },
    device: { major: 0, minor: 0 },
    xattrs: new Map(),
    ...some,
  };
}

/** The header blocks of an entry: ustar, with PAX records before it for what does not fit there. */
export function tarHeader(entry: TarEntry): Buffer {
  const { seconds, nanoseconds } = entry.modified;
  const records: [string, Buffer][] = [];
  const record = (key: string, value: string): number => records.push([key, Buffer.from(value, 'latin1')]);
  const split = splitPath(entry.path);
  if (!split) record('path', entry.path);
  if (entry.linkPath.length > 100) record('linkpath', entry.linkPath);
  if (entry.sizeBytes > MAX_12) record('size', String(entry.sizeBytes));
  if (entry.uid > MAX_8) record('uid', String(entry.uid));
  if (entry.gid > MAX_8) record('gid', String(entry.gid));
  if (nanoseconds !== 0 || seconds < 0 || seconds > MAX_12) record('mtime', timeText(seconds, nanoseconds));
  for (const [name, value] of entry.xattrs) records.push([`SCHILY.xattr.${name}`, Buffer.from(value)]);

  const main = block({ ...entry, flag: FLAG_OF[entry.type], name: split?.name ?? entry.path.slice(-100), prefix: split?.prefix ?? '' });
  if (records.length === 0) return main;
  const data = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const meta = { ...plainEntry('file', '', { sizeBytes: data.length }), flag: 'x', name: `PaxHeaders.0/${entry.path.replace(/^.*\/(?=.)/, '').slice(0, 80)}`, prefix: '' };
  return Buffer.concat([block(meta), data, Buffer.alloc(paddingOf(data.length)), main]);
}

const MAX_8 = 0o7777777;
const MAX_12 = 0o77777777777;

interface HeaderFields extends TarEntry {
  readonly flag: string;
  readonly name: string;
  readonly prefix: string;
}

function block(fields: HeaderFields): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, length: number, max: number): void => {
    const shown = value >= 0 && value <= max ? value : 0;
    header.write(shown.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  header.write(fields.name, 0, 100, 'latin1');
  octal(fields.mode, 100, 8, MAX_8);
  octal(fields.uid, 108, 8, MAX_8);
  octal(fields.gid, 116, 8, MAX_8);
  octal(fields.sizeBytes, 124, 12, MAX_12);
  octal(fields.modified.seconds, 136, 12, MAX_12);
  header.write(fields.flag, 156, 'latin1');
  header.write(fields.linkPath.slice(0, 100), 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  if (fields.flag === '3' || fields.flag === '4') {
    if (fields.device.major > MAX_8 || fields.device.minor > MAX_8) throw new EngineError('invalid', `device numbers of ${quoted(fields.path)} do not fit a tar archive`);
    octal(fields.device.major, 329, 8, MAX_8);
    octal(fields.device.minor, 337, 8, MAX_8);
  }
  header.write(fields.prefix, 345, 155, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** ustar's way to hold names of up to 255 bytes; undefined where it cannot. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  if (path.length <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/', path.length - 101); slash >= 0 && slash < path.length - 1; slash = path.indexOf('/', slash + 1)) {
    if (slash > 0 && slash <= 155) return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
  }
  return undefined;
}

function timeText(seconds: number, nanoseconds: number): string {
  if (nanoseconds === 0) return String(seconds);
  const fraction = (part: number): string => String(part).padStart(9, '0').replace(/0+$/, '');
  if (seconds >= 0) return `${seconds}.${fraction(nanoseconds)}`;
  return `-${-(seconds + 1)}.${fraction(1_000_000_000 - nanoseconds)}`;
}

/** Its length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
