import { lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, EngineError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';

const DEFAULT_GROUP = 'onggi';

/** A unix socket to be: who may use it, once it is there. */
export interface SocketTarget {
  readonly path: string;
  /** Call as soon as it listens: root and the group may use it, nobody else. */
  readonly mode: number;
  readonly gid: number;
}

/**
 * Makes room for the socket of `unix:///path`: a stale one is removed, one that someone answers on is not.
 *
 * @param group its group; empty is `onggi`, or root's where there is no such group
 * @throws {EngineError} `conflict` where another process listens or something else lies there; `invalid` for a group that is not there
 */
export async function prepareSocket(host: string, group: string, log: Log): Promise<SocketTarget> {
  const path = host.replace(/^unix:\/\//, '');
  mkdirSync(dirname(path), { recursive: true });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSocket()) throw new EngineError('conflict', `${path} is there and is no socket: give this engine another one with --host`);
  if (await answers(path)) throw new EngineError('conflict', `${path} is in use: another program answers on it; give this engine its own with --host`);
  rmSync(path, { force: true });
  const gid = groupId(group || DEFAULT_GROUP);
  if (gid === undefined && group !== '') throw new EngineError('invalid', `could not change group ${path} to ${group}: group ${group} not found`);
  if (gid === undefined) log.info(`there is no group ${DEFAULT_GROUP}: the socket is root's alone (groupadd ${DEFAULT_GROUP} and restart to share it)`, { path });
  return { path, mode: 0o660, gid: gid ?? 0 };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // one that has too much to do answers in its time
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error) ?? '')));
  });
}

/** By name or number, from /etc/group. */
function groupId(group: string): number | undefined {
  if (/^\d+$/.test(group)) return Number(group);
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name, , id] = line.split(':');
    if (name === group) return Number(id);
  }
  return undefined;
}
