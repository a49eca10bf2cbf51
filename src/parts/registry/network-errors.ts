import { EngineError } from '#base/errors.ts';

type Fields = Partial<Record<'code' | 'address' | 'hostname' | 'reason' | 'host', string>> & { readonly port?: number; readonly cert?: { readonly subjectaltname?: string } };

/**
 * A failed exchange in the words of Go's `net/http`, which Docker prints and scripts match on:
 * `Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused`.
 */
export function exchangeFailed(method: string, url: URL, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  return new EngineError('internal', `${verb(method)} "${url.href}": ${describe(cause, url)}`, { cause });
}

/** Go's spelling of a method in an error: `Get`, `Head`. */
export function verb(method: string): string {
  return method.slice(0, 1) + method.slice(1).toLowerCase();
}

const REFUSALS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ENETDOWN: 'network is down',
};
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function describe(thrown: unknown, url: URL): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // Several addresses of one name failed: Go tells of the first.
  const cause: unknown = thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown;
  if (!(cause instanceof Error)) return String(cause);
  const fields = cause as unknown as Fields;
  const code = fields.code ?? '';
  const address = fields.address?.includes(':') ? `[${fields.address}]` : fields.address;
  const peer = address === undefined ? url.host : `${address}:${fields.port}`;
  if (REFUSALS[code]) return `dial tcp ${peer}: connect: ${REFUSALS[code]}`;
  if (code === 'ETIMEDOUT') return `dial tcp ${peer}: i/o timeout`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${fields.hostname ?? url.hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${fields.hostname ?? url.hostname}: Temporary failure in name resolution`;
  if (code === 'ECONNRESET') return /hang up/.test(cause.message) ? 'EOF' : 'read: connection reset by peer';
  if (code.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response (${fields.reason ?? code})`;
  return describeTls(cause, fields, url);
}

function describeTls(cause: Error, fields: Fields, url: URL): string {
  const code = fields.code ?? '';
  const failed = 'tls: failed to verify certificate: x509:';
  if (UNKNOWN_AUTHORITY.has(code)) return `${failed} certificate signed by unknown authority`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return `${failed} certificate has expired or is not yet valid`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = (fields.cert?.subjectaltname ?? '').replaceAll(/(?:DNS|IP Address):/g, '');
    return `${failed} certificate is valid for ${names}, not ${fields.host ?? url.hostname}`;
  }
  if (/wrong.version.number|packet.length.too.long/i.test(`${code} ${cause.message}`)) return 'http: server gave HTTP response to HTTPS client';
  return cause.message;
}
