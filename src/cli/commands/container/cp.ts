import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PathStat } from '#protocol/path-stat.ts';
import { codeOf } from '#base/errors.ts';
import { isFolderMode, isLinkMode, isOrdinaryMode } from '#protocol/path-stat.ts';
import { command, CommandFailure, type Command, type CommandCall } from '../../command.ts';
import { followedPath, keepingEnd, meansFolder, parseEnd, planCopy, renamed, type CopyEnd, type CopySource, type CopyTarget } from '../../copy/copy-paths.ts';
import type { FlagTable } from '../../flags/flag.ts';

interface Job {
  readonly call: Pick<CommandCall<FlagTable>, 'engine' | 'console'>;
  readonly from: CopyEnd;
  readonly to: CopyEnd;
  readonly followLink: boolean;
  readonly archive: boolean;
}

export const cp: Command = command({
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tcp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  args: { min: 2, max: 2 },
  completes: 'file',
  flags: {
    archive: { type: 'bool', short: 'a', help: "What is copied into a container becomes its user's" },
    'follow-link': { type: 'bool', short: 'L', help: 'Copy what a symbolic link leads to' },
    quiet: { type: 'bool', short: 'q', help: 'Say nothing of what was copied' },
  },

  async run(call) {
    const [source = '', target = ''] = call.args;
    if (source === '') throw new CommandFailure('source can not be empty', 1);
    if (target === '') throw new CommandFailure('destination can not be empty', 1);
    const [from, to] = [parseEnd(source), parseEnd(target)];
    const job: Job = { call, from, to, followLink: call.flags['follow-link'], archive: call.flags.archive };
    if (from.container !== '' && to.container !== '') throw new CommandFailure('copying between containers is not supported', 1);
    if (from.container !== '') await fromContainer(job);
    else if (to.container !== '') await toContainer(job);
    else throw new CommandFailure('must specify at least one container source', 1);
    if (!call.flags.quiet && target !== '-' && call.console.stderr.isTerminal) call.warn(`Successfully copied ${source} to ${target}`);
  },
});

async function fromContainer({ call, from, to, followLink }: Job): Promise<void> {
  const { containers } = call.engine;
  const path = to.path === '-' ? '-' : keepingEnd(resolve(to.path), to.path);
  if (path !== '-') assertOutput(path);
  let source = { path: from.path, name: '' };
  const link = followLink ? await found(containers.statPath(from.container, from.path)) : undefined;
  if (link && isLinkMode(link.mode)) source = followedPath(from.path, posix.resolve(posix.dirname(posix.join('/', from.path)), link.linkTarget));
  const { stat, archive } = await containers.readArchive(from.container, source.path);
  if (path === '-') {
    await pipeline(Readable.from(archive), call.console.stdout.stream, { end: false });
    return;
  }
  const info: CopySource = { ...source, isFolder: isFolderMode(stat.mode) };
  const facts = statSync(path, { throwIfNoEntry: false });
  const own = facts ? keepingEnd(realpathSync(path), path) : path;
  const plan = planCopy(info, { path: own, exists: facts !== undefined, isFolder: facts?.isDirectory() ?? false });
  const base = followedBase(source.path);
  const { unpackLocal } = await import('../../copy/unpack-local.ts');
  await unpackLocal(archive, plan.folder, (name) => renamed(name, { from: base, to: plan.to }));
}

/** The first part of the archive's names. */
function followedBase(path: string): string {
  return posix.basename(path) === '.' || path === '' ? '.' : posix.basename(path) || '/';
}

async function toContainer({ call, from, to, followLink, archive: asUser }: Job): Promise<void> {
  const { containers } = call.engine;
  const target = await containerTarget(call, to);
  if (from.path === '-') {
    if (!target.isFolder) throw new CommandFailure(`destination "${to.container}:${to.path}" must be a directory`, 1);
    await containers.writeArchive(to.container, { path: target.path, asUser }, call.console.stdin.open() as AsyncIterable<Uint8Array>);
    return;
  }
  const source = localSource(keepingEnd(resolve(from.path), from.path), followLink);
  const plan = planCopy(source, target);
  const { packLocal } = await import('../../copy/pack-local.ts');
  await containers.writeArchive(to.container, { path: plan.folder || '/', asUser }, packLocal(source.path, plan.to));
}

async function containerTarget({ engine: { containers } }: Job['call'], { container, path }: CopyEnd): Promise<CopyTarget> {
  const first = await found(containers.statPath(container, path));
  const isLink = first !== undefined && isLinkMode(first.mode);
  const own = isLink ? posix.resolve(posix.dirname(posix.join('/', path)), first.linkTarget) : path;
  const stat = isLink ? await found(containers.statPath(container, own)) : first;
  if (stat && !isOrdinaryMode(stat.mode)) throw new CommandFailure(`destination "${container}:${own}" must be a directory or a regular file`, 1);
  return { path: own, exists: stat !== undefined, isFolder: stat !== undefined && isFolderMode(stat.mode) };
}

function localSource(path: string, followLink: boolean): CopySource {
  try {
    const folder = realpathSync(dirname(path));
    const plain = keepingEnd(basename(path) === '.' ? realpathSync(path) : join(folder, basename(path)), path);
    const source = followLink ? followedPath(path, realpathSync(path)) : { path: plain, name: '' };
    const facts = lstatSync(source.path);
    return { ...source, isFolder: facts.isDirectory() };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new CommandFailure(`lstat ${path}: no such file or directory`, 1, { cause: thrown });
    if (codeOf(thrown) === 'ENOTDIR') throw new CommandFailure('not a directory', 1, { cause: thrown });
    throw thrown;
  }
}

/** undefined where there is nothing; whatever else is wrong is told when the copy is tried. */
async function found(asked: Promise<PathStat>): Promise<PathStat | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'DaemonError') return undefined;
    throw thrown;
  }
}

function assertOutput(path: string): void {
  const folder = meansFolder(path) ? path : dirname(path);
  const facts: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  if (facts && !facts.isDirectory() && !facts.isFile()) {
    const what = facts.isCharacterDevice() || facts.isBlockDevice() ? 'got a device' : 'got an irregular file';
    throw new CommandFailure(`invalid output path: "${path}" must be a directory or a regular file: ${what}`, 1);
  }
  const above = dirname(path.replace(/\/\.?$/, ''));
  if (!facts && statSync(meansFolder(path) ? above : folder, { throwIfNoEntry: false }) === undefined) {
    throw new CommandFailure(`invalid output path: directory "${meansFolder(path) ? above : folder}" does not exist`, 1);
  }
}
