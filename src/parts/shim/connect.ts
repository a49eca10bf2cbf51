import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

/** A unix socket's address holds 107 bytes. */
const ADDRESS_LIMIT_BYTES = 107;

/**
 * Connects to the control socket in a shim's directory, however long the directory's path is.
 *
 * @throws the system's error: ENOENT or ECONNREFUSED where no shim listens
 */
export async function connectControl(directory: string): Promise<Socket> {
  const path = join(directory, 'control.sock');
  if (Buffer.byteLength(path) <= ADDRESS_LIMIT_BYTES) return connected(path);
  await using folder = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  return await connected(`/proc/self/fd/${folder.fd}/control.sock`);
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(quiet(socket));
    });
  });
}

/** A connection that breaks is the shim's end, which its reader sees as an end: the error itself tells nothing more. */
export function quiet<S extends Socket>(socket: S): S {
  socket.on('error', () => {});
  return socket;
}
