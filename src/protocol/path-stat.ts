/** What `X-Docker-Container-Path-Stat` says about a path in a container. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** Go's `os.FileMode`: permissions in the low nine bits, kind and setuid bits at the top. */
  readonly mode: number;
  /** RFC 3339 with nanoseconds. */
  readonly mtime: string;
  readonly linkTarget: string;
}

export function encodePathStat(stat: PathStat): string {
  const { name, size, mode, mtime, linkTarget } = stat;
  return Buffer.from(JSON.stringify({ name, size, mode, mtime, linkTarget })).toString('base64');
}

/** @throws {SyntaxError} where the header is not what dockerd writes */
export function decodePathStat(header: string): PathStat {
  return JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as PathStat;
}

const GO_DIR = 2 ** 31;
const GO_SYMLINK = 2 ** 27;
const GO_DEVICE = 2 ** 26;
const GO_PIPE = 2 ** 25;
const GO_SOCKET = 2 ** 24;
const GO_SETUID = 2 ** 23;
const GO_SETGID = 2 ** 22;
const GO_CHAR = 2 ** 21;
const GO_STICKY = 2 ** 20;

const KINDS: ReadonlyMap<number, number> = new Map([
  [0o040000, GO_DIR],
  [0o120000, GO_SYMLINK],
  [0o060000, GO_DEVICE],
  [0o020000, GO_DEVICE + GO_CHAR],
  [0o010000, GO_PIPE],
  [0o140000, GO_SOCKET],
]);

/** Turns `st_mode` of stat(2) into Go's `os.FileMode`. */
export function goFileMode(stMode: number): number {
  let mode = (stMode & 0o777) + (KINDS.get(stMode & 0o170000) ?? 0);
  if (stMode & 0o4000) mode += GO_SETUID;
  if (stMode & 0o2000) mode += GO_SETGID;
  if (stMode & 0o1000) mode += GO_STICKY;
  return mode;
}

export function isFolderMode(mode: number): boolean {
  return Math.floor(mode / GO_DIR) % 2 === 1;
}

export function isLinkMode(mode: number): boolean {
  return Math.floor(mode / GO_SYMLINK) % 2 === 1;
}

/** A folder or a plain file: what can be copied to. */
export function isOrdinaryMode(mode: number): boolean {
  return ![GO_SYMLINK, GO_DEVICE, GO_PIPE, GO_SOCKET].some((bit) => Math.floor(mode / bit) % 2 === 1);
}
