import type { IncomingMessage } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import { JSON_LIMIT_BYTES } from './json-body.ts';

/** Since Node 26 the body of a request that asks for an upgrade is parsed; before, its bytes come with the connection's. */
const NODE_PARSES_BODY = Number(process.versions.node.split('.', 1)[0]) >= 26;

/** The body of a request whose connection has been upgraded, and what came after it. */
export interface UpgradeBody {
  readonly body: Readable;
  readonly head: Buffer;
}

/** @throws {EngineError} `invalid` for a body without a length, or one that is too long */
export async function upgradeBody(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<UpgradeBody> {
  if (NODE_PARSES_BODY) return { body: request, head };
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) throw new EngineError('invalid', 'a request for an upgrade must give the length of its body');
  const length = Number(headers['content-length'] ?? 0);
  if (length > JSON_LIMIT_BYTES) throw new EngineError('invalid', `request body is larger than ${JSON_LIMIT_BYTES} bytes`);
  const all = await collect(connection, head, length);
  return { body: Readable.from(length === 0 ? [] : [all.subarray(0, length)]), head: all.subarray(length) };
}

async function collect(connection: Duplex, head: Buffer, length: number): Promise<Buffer> {
  const parts = [head];
  let size = head.length;
  while (size < length) {
    const part = connection.read() as Buffer | null;
    if (part) {
      parts.push(part);
      size += part.length;
      continue;
    }
    if (connection.readableEnded || connection.destroyed) throw new EngineError('invalid', 'the request ended before its body did');
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        for (const event of ['readable', 'end', 'close']) connection.removeListener(event, wake);
        resolve();
      };
      for (const event of ['readable', 'end', 'close']) connection.once(event, wake);
    });
  }
  return Buffer.concat(parts);
}
