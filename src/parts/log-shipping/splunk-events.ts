import { extraAttributes, renderTag } from '#parts/logs/log-attrs.ts';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import type { LogOptions } from '#parts/logs/log-settings.ts';
import { type ShippingSubject, lineOf } from './log-shipper.ts';

/** One event's JSON; empty where the collector would refuse the line. */
export type EventWriter = (entry: LogEntry) => string;

/**
 * moby daemon/logger/splunk/splunk.go: `inline` wraps the line, `json` embeds one that is JSON, `raw` sends the text behind
 * tag and attributes.
 *
 * @throws {Error} in dockerd's words
 */
export function eventWriter(options: LogOptions, subject: ShippingSubject): EventWriter {
  const format = options['splunk-format'] ?? 'inline';
  if (format !== 'inline' && format !== 'json' && format !== 'raw') {
    throw new Error(`unknown format specified ${format}, supported formats are inline, json and raw`);
  }
  const tag = options['tag'] === '' ? '' : renderTag(options['tag'] ?? '{{.ID}}', subject);
  const attributes = extraAttributes(options, subject);
  const prefix = [tag, ...[...attributes].map(([name, value]) => `${name}=${value}`)].filter((part) => part !== '').map((part) => `${part} `).join('');
  const attrs = attributes.size > 0 ? Object.fromEntries(attributes) : undefined;
  const eventOf = (entry: LogEntry): unknown => {
    const text = lineOf(entry).text.toString('utf8');
    // a collector refuses an event that is blank
    if (format === 'raw') return text.trim() === '' ? undefined : prefix + text;
    return { line: format === 'json' ? jsonOrText(text) : text, source: entry.source, ...(tag !== '' && { tag }), ...(attrs && { attrs }) };
  };
  const base = sources(options);
  return (entry) => {
    const event = eventOf(entry);
    return event === undefined ? '' : JSON.stringify({ event, time: epoch(entry.time), host: subject.hostname, ...base });
  };
}

function sources(options: LogOptions): Readonly<Record<string, string>> {
  const { 'splunk-source': source, 'splunk-sourcetype': sourcetype, 'splunk-index': index } = options;
  return { ...(source && { source }), ...(sourcetype && { sourcetype }), ...(index && { index }) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Seconds since 1970 with six digits behind the point, as text. */
function epoch(time: string): string {
  return `${Math.floor(Date.parse(time) / 1000)}.${time.slice(20, -1).padEnd(6, '0').slice(0, 6)}`;
}
