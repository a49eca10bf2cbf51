import { STATUS_CODES } from 'node:http';
import { EngineError, type ErrorKind } from '#base/errors.ts';

/** The only table from failures to HTTP; a kind without a status does not compile. */
export const statusOf: Readonly<Record<ErrorKind, number>> = {
  'not-modified': 304,
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  internal: 500,
  'not-implemented': 501,
  unavailable: 503,
};

/** What a client is told of anything that was thrown. A bug shows its message too, as dockerd's does. */
export function failureOf(thrown: unknown): { readonly status: number; readonly message: string } {
  if (thrown instanceof EngineError) return { status: statusOf[thrown.kind], message: thrown.message };
  return { status: 500, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The words beside a status in the first line of an answer. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}
