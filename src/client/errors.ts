import { codeOf, EngineError, messageOf, type ErrorKind } from '#base/errors.ts';
import type { EngineAddress } from './address.ts';

/** What the engine answered instead of doing it. `message` is the engine's own text. */
export class DaemonError extends EngineError {
  static {
    this.prototype.name = 'DaemonError';
  }
  readonly status: number;

  constructor(status: number, message: string) {
    super(kindOf(status), message);
    this.status = status;
  }
}

/** No engine could be talked to: not running, not allowed, or gone in the middle. */
export class ConnectionError extends EngineError {
  static {
    this.prototype.name = 'ConnectionError';
  }
}

const NOT_ALLOWED: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);
const NOBODY_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/** Turns a socket's failure into the sentence for its user. */
export function connectionError(address: EngineAddress, thrown: unknown): ConnectionError {
  const options = { cause: thrown };
  const code = codeOf(thrown) ?? '';
  if (NOT_ALLOWED.has(code)) {
    return new ConnectionError('unavailable', `permission denied while trying to connect to the Onggi daemon socket at ${address.shown}`, options);
  }
  if (NOBODY_THERE.has(code)) {
    return new ConnectionError('unavailable', `Cannot connect to the Onggi daemon at ${address.shown}. Is the onggi daemon running?`, options);
  }
  return new ConnectionError('unavailable', `error during connect to ${address.shown}: ${messageOf(thrown)}`, options);
}

/** The engine went away between a request and the end of its answer. */
export function connectionLost(address: EngineAddress): ConnectionError {
  return new ConnectionError('unavailable', `the connection to the Onggi daemon at ${address.shown} ended before its answer was complete`);
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  304: 'not-modified',
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  501: 'not-implemented',
  503: 'unavailable',
};

function kindOf(status: number): ErrorKind {
  return KINDS[status] ?? 'internal';
}
