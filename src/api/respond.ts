import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { StreamAnswer, StreamOut, WholeAnswer } from './answer.ts';

/** Writes an answer whose body is known. A HEAD gets the headers alone. */
export function respondWhole(response: ServerResponse, answer: WholeAnswer, common: OutgoingHttpHeaders): void {
  if (response.destroyed || response.headersSent) return;
  const bodiless = answer.status === 204 || answer.status === 304;
  const body = Buffer.from(answer.body);
  const length = bodiless ? {} : { 'Content-Length': body.length };
  keepWhileSending(response);
  response.writeHead(answer.status, { ...common, ...answer.headers, ...length });
  response.end(bodiless ? undefined : body);
}

/** Runs a streamed answer. Throws what `run` throws, as long as nothing has been sent. */
export async function respondStream(response: ServerResponse, answer: StreamAnswer, common: OutgoingHttpHeaders): Promise<void> {
  const out = new ResponseOut(response, { ...common, ...answer.headers });
  try {
    await answer.run(out);
  } catch (thrown) {
    if (response.destroyed) return;
    if (!response.headersSent) throw thrown;
    const last = answer.failure(thrown instanceof Error ? thrown.message : String(thrown));
    if (last === undefined) response.destroy();
    else response.end(last);
    throw new StreamBroken(thrown);
  }
  out.begin();
  response.end();
}

/** A failure that the client has been told of already, in the stream. */
export class StreamBroken extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Thrown into a stream's handler when nobody is left to write to. */
class ClientGone extends Error {
  constructor() {
    super('the client has gone');
  }
}

class ResponseOut implements StreamOut {
  readonly #response: ServerResponse;
  readonly #headers: OutgoingHttpHeaders;

  constructor(response: ServerResponse, headers: OutgoingHttpHeaders) {
    this.#response = response;
    this.#headers = headers;
  }

  get congested(): boolean {
    return this.#response.writableNeedDrain;
  }

  begin(): void {
    if (this.#response.headersSent || this.#response.destroyed) return;
    keepWhileSending(this.#response);
    this.#response.writeHead(200, this.#headers);
    this.#response.flushHeaders();
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    const response = this.#response;
    if (response.destroyed) throw new ClientGone();
    if (!response.headersSent) {
      keepWhileSending(response);
      response.writeHead(200, this.#headers);
    }
    if (response.write(chunk)) return;
    const settled = new AbortController();
    try {
      await Promise.race([once(response, 'drain', settled), once(response, 'close', settled)]);
    } finally {
      settled.abort();
    }
  }
}

/**
 * A client that is still sending its body would be cut off by the end of our answer, where it has asked for the
 * connection to be closed, and would miss the answer. It closes by itself then; what it sends is thrown away.
 */
function keepWhileSending(response: ServerResponse): void {
  const { complete, headers } = response.req;
  const sends = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (sends && !complete) response.shouldKeepAlive = true;
}
