import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import { judgeJson } from './json-syntax.ts';

/** The most that the body of a JSON request may hold. */
export const JSON_LIMIT_BYTES: number = 8 * 1024 * 1024;
const DISCARD_LIMIT_BYTES = 8 * JSON_LIMIT_BYTES;
/** How long a client may take to send such a body. */
const BODY_TIMEOUT_MS = 60_000;

/** What of a request a body is read from. */
export interface BodySource {
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/**
 * The JSON value of a request's body; undefined where there is none. Syntax errors and media types are refused with
 * dockerd's words.
 *
 * @throws {EngineError} `invalid`
 */
export async function readJsonBody(source: BodySource): Promise<unknown> {
  const { headers } = source;
  const empty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (!(empty && headers['content-type'] === undefined)) requireJson(headers['content-type'] ?? '');
  if (empty) return undefined;
  return parseJson(await readText(source));
}

/** @throws {EngineError} `invalid`, with dockerd's words */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const verdict = judgeJson(text);
    if (verdict.kind === 'complete') throw new EngineError('invalid', 'unexpected content after JSON');
    if (verdict.kind === 'empty') throw emptyBody();
    throw new EngineError('invalid', `invalid JSON: ${verdict.message}`);
  }
}

/** What dockerd answers where it needs a body and there is none. */
export function emptyBody(): EngineError {
  return new EngineError('invalid', 'invalid JSON: got EOF while reading request body');
}

function requireJson(contentType: string): void {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === 'application/json') return;
  if (mediaType === '') throw new EngineError('invalid', `malformed Content-Type header (${contentType}): mime: no media type`);
  throw new EngineError('invalid', `unsupported Content-Type header (${contentType}): must be 'application/json'`);
}

/** Never destroys the body, as leaving a `for await` would: the connection goes with it, and the answer too. */
function readText({ body }: BodySource): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  let size = 0;
  const onData = (part: Buffer): void => {
    size += part.length;
    if (size <= JSON_LIMIT_BYTES) parts.push(part);
    else parts.length = 0;
    // What is too long is read on for a while: a client that still writes does not look at the answer.
    if (size > DISCARD_LIMIT_BYTES) reject(tooLong());
  };
  const onEnd = (): void => (size > JSON_LIMIT_BYTES ? reject(tooLong()) : resolve(Buffer.concat(parts).toString('utf8')));
  const onClose = (): void => reject(new EngineError('invalid', 'the request ended before its body did'));
  const timer = setTimeout(() => reject(new EngineError('invalid', 'the request body took too long')), BODY_TIMEOUT_MS);
  body.on('data', onData).once('end', onEnd).once('error', onClose).once('close', onClose);
  return promise.finally(() => {
    clearTimeout(timer);
    body.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
    body.resume();
  });
}

function tooLong(): EngineError {
  return new EngineError('invalid', `request body is larger than ${JSON_LIMIT_BYTES} bytes`);
}
