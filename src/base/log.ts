/** From the most to the least talkative; Docker's `log-level` words. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, fatal: 4 };

/** The engine's own log: one logfmt line per call, as dockerd writes it. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Writes `time=… level=… msg=…` lines from `level` upward. */
export function textLog(level: LogLevel, write: (line: string) => void): Log {
  const at = (wanted: LogLevel) => (message: string, fields?: LogFields): void => {
    if (RANK[wanted] < RANK[level]) return;
    const rest = Object.entries(fields ?? {}).map(([key, value]) => ` ${key}=${quoted(value)}`);
    write(`time="${new Date().toISOString()}" level=${wanted} msg=${quoted(message)}${rest.join('')}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Says nothing: for tests, and for parts that are used without an engine. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function quoted(value: unknown): string {
  const text = value instanceof Error ? (value.stack ?? value.message) : String(value);
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text);
}
