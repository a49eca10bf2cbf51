import type { OutgoingHttpHeaders } from 'node:http';
import type { AttachSession } from '#engine/containers/containers.ts';
import { formatStreamError } from '#protocol/progress.ts';

/** What a handler gives back; `respond.ts` and `hijack.ts` write it out. */
export type Answer = WholeAnswer | StreamAnswer | HijackAnswer;

/** An answer whose body is known when its headers are written. */
export interface WholeAnswer {
  readonly type: 'whole';
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** An answer that is written bit by bit. What `run` throws before the first byte becomes a plain failure. */
export interface StreamAnswer {
  readonly type: 'stream';
  readonly headers: OutgoingHttpHeaders;
  run(out: StreamOut): Promise<void>;
  /** The last bytes of a stream that failed after it had begun; undefined breaks the connection off. */
  failure(message: string): string | Buffer | undefined;
}

export interface StreamOut {
  /** Sends the headers now, for a client that waits for them. */
  begin(): void;
  /** Resolves when the client has room for more. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Says whether a client is behind, so that what can be left out may be. */
  readonly congested: boolean;
}

/** The connection is handed over to a container's stdio. */
export interface HijackAnswer {
  readonly type: 'hijack';
  readonly session: AttachSession;
  /** Without stdin, what the client sends is thrown away. */
  readonly stdin: boolean;
  /** Of the 101; without an upgrade dockerd says `raw-stream` whatever comes. */
  readonly contentType: string;
  /** Attach leaves the headers out that every other answer has. */
  readonly headers: OutgoingHttpHeaders;
}

export const RAW_STREAM = 'application/vnd.docker.raw-stream';
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/** JSON with Go's newline after it. */
export function json(value: unknown, status = 200): WholeAnswer {
  return jsonText(JSON.stringify(value), status);
}

/** JSON that stands as text already. */
export function jsonText(text: string, status = 200): WholeAnswer {
  return { type: 'whole', status, headers: { 'Content-Type': 'application/json' }, body: `${text}\n` };
}

export function plain(text: string, status = 200, headers: OutgoingHttpHeaders = {}): WholeAnswer {
  return { type: 'whole', status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text };
}

/** A status and nothing else. */
export function empty(status: number): WholeAnswer {
  return { type: 'whole', status, headers: {}, body: '' };
}

export const noContent: WholeAnswer = empty(204);

/** A stream of JSON texts: pull, load, events. A failure in the middle is told in Docker's `errorDetail`. */
export function jsonStream(run: (out: StreamOut) => Promise<void>, contentType = 'application/json'): StreamAnswer {
  return { type: 'stream', headers: { 'Content-Type': contentType }, run, failure: formatStreamError };
}

/** Bytes from elsewhere: an archive. Where it breaks in the middle the connection does too, lest it pass for whole. */
export function byteStream(contentType: string, source: AsyncIterable<Uint8Array>): StreamAnswer {
  return {
    type: 'stream',
    headers: { 'Content-Type': contentType },
    async run(out) {
      out.begin();
      for await (const chunk of source) await out.write(chunk);
    },
    failure: () => undefined,
  };
}
