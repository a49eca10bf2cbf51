import type { LogEntry, LogQuery } from './log-entry.ts';

/** All of a log, once. */
export const everything: LogQuery = { stdout: true, stderr: true, follow: false, tail: undefined, sinceNs: undefined, untilNs: undefined };

/** A line as the shim writes it. */
export function encodeLine(entry: LogEntry): string {
  const log = goQuote(entry.line);
  const attrs = entry.attrs ? `,"attrs":${JSON.stringify(entry.attrs)}` : '';
  return `{"log":"${log}","stream":"${entry.source}"${attrs},"time":"${entry.time}"}\n`;
}

// moby daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go
function goQuote(line: Buffer): string {
  return line.toString('utf8').replace(/[^ !#-%'-;=?-[\]-~\u007f-\u2027\u202a-\u{10ffff}]/gu, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The `number`th second of a day in 2024, as a log's time. */
export function timeOf(number: number): string {
  return new Date(Date.UTC(2024, 0, 2) + number * 1000).toISOString().replace('.000Z', 'Z');
}

/** One plain entry. */
export function entry(text: string, change: Partial<LogEntry> = {}): LogEntry {
  return { source: 'stdout', time: timeOf(0), line: Buffer.from(text), attrs: undefined, ...change };
}
