import type { LogEntry } from '#parts/logs/log-entry.ts';
import { FRAME_HEADER_BYTES, writeFrameHeader } from '#protocol/stdcopy.ts';
import { sortedMap } from './empty.ts';

export interface LogFormat {
  /** Each entry in a frame of its own that says which output it is of. */
  readonly framed: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
}

/** A batch of entries as `GET /containers/{id}/logs` writes it, in one buffer: a log has a million of these. */
export function logBytes(entries: readonly LogEntry[], format: LogFormat): Buffer {
  const prefixes = format.timestamps || format.details ? entries.map((entry) => Buffer.from(prefixOf(entry, format))) : undefined;
  const header = format.framed ? FRAME_HEADER_BYTES : 0;
  const size = entries.reduce((sum, { line }, index) => sum + header + (prefixes?.[index]?.length ?? 0) + line.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [index, { source, line }] of entries.entries()) {
    const prefix = prefixes?.[index];
    if (format.framed) at = writeFrameHeader(bytes, at, source, line.length + (prefix?.length ?? 0));
    if (prefix) at += prefix.copy(bytes, at);
    at += line.copy(bytes, at);
  }
  return bytes;
}

function prefixOf({ time, attrs }: LogEntry, { timestamps, details }: LogFormat): string {
  const detail = details ? `${detailsText(attrs ?? {})} ` : '';
  return `${timestamps ? `${fullTime(time)} ` : ''}${detail}`;
}

/** `a=b,c=d`: keys sorted, names and values escaped as in a query (moby daemon/logger/copier). */
function detailsText(attrs: Readonly<Record<string, string>>): string {
  return Object.entries(sortedMap(attrs))
    .map(([name, value]) => `${escapeQuery(name)}=${escapeQuery(value)}`)
    .join(',');
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** Docker writes nine digits of the second, whatever the log file holds. */
function fullTime(time: string): string {
  const match = /^(.*T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(time);
  return match ? `${match[1]}.${(match[2] ?? '').padEnd(9, '0')}${match[3]}` : time;
}
