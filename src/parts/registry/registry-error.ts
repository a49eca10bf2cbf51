import { EngineError, type ErrorKind } from '#base/errors.ts';
import { parseChallenges } from './challenge.ts';
import { readBody, type HttpAnswer } from './http-client.ts';

/** A refusal by a registry. `errorCode` is the first of its error codes (`MANIFEST_UNKNOWN`), or one that its status stands for. */
export class RegistryError extends EngineError {
  static {
    this.prototype.name = 'RegistryError';
  }
  readonly errorCode: string;
  readonly status: number;
  /** What a 429 or 503 asks for; undefined where it says nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(facts: { readonly code: string; readonly status: number; readonly message: string; readonly retryAfterMs: number | undefined }) {
    super(kindOf(facts.code, facts.status), facts.message);
    this.errorCode = facts.code;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

const LIMIT_BYTES = 64 * 1024;

/**
 * The code that a status means when the body names none, and the message that a code has when none comes with it
 * (the distribution specification's table).
 */
const BY_STATUS: Readonly<Record<number, Refusal>> = {
  401: { code: 'UNAUTHORIZED', message: 'authentication required' },
  403: { code: 'DENIED', message: 'requested access to the resource is denied' },
  429: { code: 'TOOMANYREQUESTS', message: 'too many requests' },
};

/** Reads a 4xx or 5xx answer into the error that Docker would show, and uses up its body. */
export async function refusalOf(answer: HttpAnswer, cancel: AbortSignal): Promise<RegistryError> {
  const { status } = answer;
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const body = (await readBody(answer, LIMIT_BYTES, cancel)).toString();
  if (status < 400 || status >= 500) {
    const message = `received unexpected HTTP status: ${status} ${answer.statusText}`.trimEnd();
    return new RegistryError({ code: 'UNKNOWN', status, message, retryAfterMs });
  }
  const refusals = [...scopeRefusal(answer), ...refusalsIn(body, status)];
  const first = refusals[0] ?? BY_STATUS[status] ?? { code: 'UNKNOWN', message: shown(body) || `HTTP status ${status}` };
  const texts = (refusals.length > 0 ? refusals : [first]).map(textOf);
  const message = texts.length === 1 ? (texts[0] ?? '') : `errors:\n${texts.join('\n')}\n`;
  return new RegistryError({ code: first.code, status, message, retryAfterMs });
}

/** `manifest unknown: manifest unknown`: the code in words, then the registry's sentence. */
function textOf({ code, message }: Refusal): string {
  return `${code.toLowerCase().replaceAll('_', ' ')}: ${message}`;
}

// RFC 6750, 3.1: a token that is valid but not for this says so in the challenge alone.
function scopeRefusal(answer: HttpAnswer): readonly Refusal[] {
  for (const { scheme, parameters } of parseChallenges(answer.headers['www-authenticate'])) {
    if (scheme !== 'bearer') continue;
    const message = parameters.get('error_description');
    if (parameters.get('error') === 'insufficient_scope') return [{ code: 'DENIED', message: message || 'requested access to the resource is denied' }];
    if (parameters.get('error') === 'invalid_token') return [{ code: 'UNAUTHORIZED', message: message || 'authentication required' }];
  }
  return [];
}

function refusalsIn(body: string, status: number): readonly Refusal[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  if (typeof parsed !== 'object' || parsed === null) return [];
  const { errors, details } = parsed as { errors?: unknown; details?: unknown };
  // Docker Hub's token service writes `details` alone.
  if (typeof details === 'string') return [{ code: BY_STATUS[status]?.code ?? 'UNKNOWN', message: shown(details) }];
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 10).flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const { code, message } = each as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !/^[A-Za-z_]{1,64}$/.test(code)) return [];
    return [{ code: code.toUpperCase(), message: typeof message === 'string' && message ? shown(message) : code.toLowerCase().replaceAll('_', ' ') }];
  });
}

/** Foreign text for a terminal: one line, no control characters, not endless. */
function shown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > 1000 ? `${line.slice(0, 1000)}…` : line;
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function kindOf(code: string, status: number): ErrorKind {
  if (code === 'UNAUTHORIZED' || status === 401) return 'unauthorized';
  if (code === 'DENIED' || status === 403) return 'forbidden';
  if (['MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN'].includes(code)) return 'not-found';
  if (code === 'TOOMANYREQUESTS' || status === 429) return 'unavailable';
  return 'internal';
}
