import { EngineError } from '#base/errors.ts';

const LARGEST_ID = 2 ** 31 - 1;

/** Reads a file inside the container's root, symbolic links resolved there; undefined where there is none. Bounded by the caller. */
export type ReadInRoot = (path: string) => Promise<string | undefined>;

/** Who a process is. `additionalGids` begins with `gid`. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** From the passwd file; `/` for somebody it does not know. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * Finds the numbers behind `user[:group]` and `--group-add` in the image's own files (moby/sys/user, GetExecUser). A
 * number needs no entry, and is never taken for a name.
 *
 * @throws {EngineError} `internal`, which is what Docker answers at start: `unable to find user X: no matching entries in passwd file`
 */
export async function resolveUser(user: string, groupAdd: readonly string[], readInRoot: ReadInRoot): Promise<ResolvedUser> {
  const [passwd = '', group = ''] = await Promise.all([readInRoot('/etc/passwd'), readInRoot('/etc/group')]);
  const [userPart = '', groupPart = ''] = user.split(':');
  const groups = parseGroups(group);

  const entry = findUser(parsePasswd(passwd), userPart);
  const uid = entry?.uid ?? (userPart === '' ? 0 : idOf(userPart));
  const gid = groupPart === '' ? (entry?.gid ?? 0) : findGroup(groups, groupPart);
  const memberships = groupPart === '' && entry ? groups.filter(({ members }) => members.includes(entry.name)).map((each) => each.gid) : [];
  const added = groupAdd.map((name) => findGroup(groups, name));
  return { uid, gid, additionalGids: [...new Set([gid, ...memberships, ...added])], home: entry?.home || '/' };
}

function findUser(entries: readonly PasswdEntry[], wanted: string): PasswdEntry | undefined {
  if (wanted === '') return entries.find(({ uid }) => uid === 0);
  if (isNumber(wanted)) {
    const uid = idOf(wanted);
    return entries.find((entry) => entry.uid === uid);
  }
  const entry = entries.find(({ name }) => name === wanted);
  if (!entry) throw new EngineError('internal', `unable to find user ${wanted}: no matching entries in passwd file`);
  return checked(entry);
}

function findGroup(groups: readonly GroupEntry[], wanted: string): number {
  if (isNumber(wanted)) return idOf(wanted);
  const found = groups.find(({ name }) => name === wanted);
  if (!found) throw new EngineError('internal', `unable to find group ${wanted}: no matching entries in group file`);
  return found.gid;
}

function checked(entry: PasswdEntry): PasswdEntry {
  idOf(String(entry.uid));
  idOf(String(entry.gid));
  return entry;
}

function isNumber(text: string): boolean {
  return /^[-+]?\d+$/.test(text);
}

function idOf(text: string): number {
  const id = Number(text);
  if (!(id >= 0 && id <= LARGEST_ID)) throw new EngineError('internal', `uids and gids must be in range 0-${LARGEST_ID}`);
  return id;
}

/** Lines whose numbers do not parse are left out: read as 0, they would be root. */
function parsePasswd(text: string): PasswdEntry[] {
  return rowsOf(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [],
  );
}

function parseGroups(text: string): GroupEntry[] {
  return rowsOf(text).flatMap(([name = '', , gid = '', members = '']) =>
    isId(gid) ? [{ name, gid: Number(gid), members: members.split(',').map((member) => member.trim()) }] : [],
  );
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
