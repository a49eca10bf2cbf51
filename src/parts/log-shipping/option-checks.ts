import { parseBoolean } from '#parts/logs/go-values.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';

/** What Docker takes with every driver that carries logs away. */
const COMMON: ReadonlySet<string> = new Set([
  'env', 'env-regex', 'labels', 'labels-regex', 'tag', 'mode', 'max-buffer-size',
  'cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress',
]);

/** @throws {Error} for the first option, by name, that the driver does not have */
export function checkNames(driver: string, options: LogOptions, own: ReadonlySet<string>): void {
  for (const name of Object.keys(options).sort()) {
    if (!own.has(name) && !COMMON.has(name)) throw new Error(`unknown log opt '${name}' for ${driver} log driver`);
  }
}

/** A flag that may be left out. */
export function flag(options: LogOptions, name: string, fallback = false): boolean {
  const text = options[name];
  return text === undefined ? fallback : parseBoolean(text);
}

export interface Address {
  readonly scheme: string;
  readonly host: string;
  /** undefined where the address names none. */
  readonly port: number | undefined;
  readonly path: string;
  readonly query: string;
}

/** Takes `scheme://host:port/path?query` apart. @throws {Error} in the words of Go's net/url */
export function parseAddress(text: string): Address {
  if (text.startsWith(':')) throw new Error(`parse ${JSON.stringify(text)}: missing protocol scheme`);
  const [, scheme, authority = '', path = '', query = ''] = /^([a-zA-Z][\w+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(text) ?? [];
  if (scheme === undefined) return { scheme: '', host: '', port: undefined, path: text, query: '' };
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (host === undefined || (port !== undefined && !/^\d*$/.test(port))) {
    throw new Error(`parse ${JSON.stringify(text)}: invalid port ${JSON.stringify(`:${port ?? authority}`)} after host`);
  }
  return { scheme: scheme.toLowerCase(), host: host.replace(/^\[(.*)\]$/, '$1'), port: port ? Number(port) : undefined, path, query };
}
