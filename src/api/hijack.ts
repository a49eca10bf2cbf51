import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AttachSession } from '#engine/containers/containers.ts';
import { RAW_STREAM, type HijackAnswer } from './answer.ts';
import { reasonOf } from './status.ts';

/** How long a client may go on sending after the output has ended. */
const LINGER_MS = 5_000;

/** A connection that is no longer HTTP, and what had come with the request. */
export interface TakenConnection {
  readonly connection: Duplex;
  readonly head: Buffer;
  readonly upgraded: boolean;
}

/**
 * Takes the connection of a request that asked for no upgrade out of node:http's hands, as Go's `Hijack` does. The
 * request's body must have been read to its end.
 */
export function detach(request: IncomingMessage): TakenConnection {
  const connection = request.socket;
  // A listener for `readable` makes node:http give the socket's bytes back to the stream.
  const wake = (): void => {};
  connection.on('readable', wake);
  connection.removeListener('readable', wake);
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout']) connection.removeAllListeners(event);
  return { connection, head: Buffer.alloc(0), upgraded: false };
}

/** Answers 101 or 200 and joins the connection with the session until one of them ends. Disposes the session. */
export async function handOver(taken: TakenConnection, answer: HijackAnswer): Promise<void> {
  const { connection, head, upgraded } = taken;
  await using session = answer.session;
  connection.on('error', () => connection.destroy());
  if (connection.destroyed) return;
  connection.write(headOf(answer, upgraded));
  if (head.length > 0) connection.unshift(head);
  if (answer.stdin) feed(connection, session);
  else connection.resume();
  try {
    await pipeline(session.output, connection);
    await lingered(connection);
  } finally {
    connection.destroy();
  }
}

/** An answer to a request whose connection is ours already: the connection ends with it. */
export function refuse({ connection }: TakenConnection, status: number, headers: OutgoingHttpHeaders, body: string): void {
  connection.on('error', () => connection.destroy());
  hangUp(connection, `${headText(status, reasonOf(status), headers)}${body}`);
}

/** Last words. What the client still sends is thrown away for a while: a reset would keep it from reading them. */
export function hangUp(connection: Duplex, words: string): void {
  if (connection.destroyed) return;
  const timer = setTimeout(() => connection.destroy(), LINGER_MS).unref();
  connection.once('close', () => clearTimeout(timer));
  connection.resume();
  connection.end(words, () => {
    if (connection.readableEnded) connection.destroy();
    else connection.once('end', () => connection.destroy());
  });
}

/** Bytes of the client to the process, its half-close too; what comes after the process has gone is thrown away. */
function feed(connection: Duplex, { input }: AttachSession): void {
  const discard = (): void => {
    connection.unpipe(input);
    connection.resume();
  };
  input.once('error', discard);
  input.once('close', discard);
  connection.pipe(input);
}

/** The client reads to the end of the output before it hangs up; closing earlier would reset it while it still sends. */
async function lingered(connection: Duplex): Promise<void> {
  if (connection.destroyed || connection.readableEnded) return;
  connection.unpipe();
  connection.resume();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), LINGER_MS).unref();
  try {
    await Promise.race([once(connection, 'end', late), once(connection, 'close', late)]);
  } catch {
    // A client that is late or broken is hung up on all the same.
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

function headOf(answer: HijackAnswer, upgraded: boolean): string {
  if (!upgraded) return headText(200, 'OK', { 'Content-Type': RAW_STREAM, ...answer.headers });
  const upgrade = { 'Content-Type': answer.contentType, Connection: 'Upgrade', Upgrade: 'tcp' };
  return headText(101, 'UPGRADED', { ...upgrade, ...answer.headers });
}

function headText(status: number, reason: string, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`;
}
