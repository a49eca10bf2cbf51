import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { apiAtLeast } from '#protocol/api-version.ts';
import { readJsonBody } from './json-body.ts';
import { Query } from './query.ts';

/** A request as handlers see it. */
export interface ApiRequest<Params = Readonly<Record<string, string>>> {
  readonly method: string;
  readonly params: Params;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** The API version that the client speaks; the newest where its path names none. */
  readonly version: string;
  /** The body as it comes; `json()` reads it whole. */
  readonly body: Readable;
  /** Fires when the client has gone or the server is closing. */
  readonly cancel: AbortSignal;
  /** Fires when the server is closing, for work that a client starts and does not wait for. */
  readonly closing: AbortSignal;
  /** Is it `since` or newer? */
  speaks(since: string): boolean;
  /** undefined where there is no body. */
  json(): Promise<unknown>;
}

interface Origin {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  readonly version: string;
  readonly body: Readable;
  readonly closing: AbortSignal;
}

/** One request on its way. Query and cancellation are made when they are first asked for: most requests need neither. */
export class IncomingRequest implements ApiRequest {
  readonly #origin: Origin;
  #query: Query | undefined;
  #gone: AbortController | undefined;
  #cancel: AbortSignal | undefined;
  #hasGone = false;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  get method(): string {
    return this.#origin.method;
  }

  get params(): Readonly<Record<string, string>> {
    return this.#origin.params;
  }

  get headers(): IncomingHttpHeaders {
    return this.#origin.headers;
  }

  get version(): string {
    return this.#origin.version;
  }

  get body(): Readable {
    return this.#origin.body;
  }

  get closing(): AbortSignal {
    return this.#origin.closing;
  }

  get query(): Query {
    this.#query ??= new Query(this.#origin.rawQuery);
    return this.#query;
  }

  get cancel(): AbortSignal {
    if (!this.#cancel) {
      this.#gone = new AbortController();
      this.#cancel = AbortSignal.any([this.#gone.signal, this.#origin.closing]);
      if (this.#hasGone) this.#gone.abort(new Error('the client has gone'));
    }
    return this.#cancel;
  }

  /** The server has seen the connection end. */
  clientGone(): void {
    this.#hasGone = true;
    this.#gone?.abort(new Error('the client has gone'));
  }

  speaks(since: string): boolean {
    return apiAtLeast(this.#origin.version, since);
  }

  json(): Promise<unknown> {
    return readJsonBody(this.#origin);
  }
}
