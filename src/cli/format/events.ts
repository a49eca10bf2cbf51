import type { EventMessage } from '#protocol/events.ts';
import { compileTemplate, TemplateError } from './template.ts';
import { decode } from './typed/decode.ts';
import { showRfc3339 } from './times.ts';

/**
 * How `events` prints one event, without its newline.
 *
 * @param format a template or `json`; empty is docker's line of text
 * @throws {TemplateError} at once where the template asks for what events lack, in docker's words
 */
export function eventFormatter(format: string = ''): (event: EventMessage) => string {
  if (format === '') return showEvent;
  try {
    const template = compileTemplate(format === 'json' ? '{{json .}}' : format);
    template(decode(TYPE, {}));
    return (event) => template(decode(TYPE, event));
  } catch (error) {
    throw error instanceof TemplateError ? new TemplateError(`Error parsing format: ${error.message}`) : error;
  }
}

const TYPE = '*events.Message';

/** `TIME container start ID (image=nginx, name=web)`, with nine digits after the second. */
function showEvent(event: EventMessage): string {
  const attributes = Object.entries(event.Actor.Attributes ?? {}).map(([name, value]) => `${name}=${value}`).toSorted();
  const what = `${showNanoTime(event.timeNano)} ${event.Type} ${event.Action} ${event.Actor.ID}`;
  return attributes.length === 0 ? what : `${what} (${attributes.join(', ')})`;
}

/** Nanoseconds since 1970 as RFC 3339 in the machine's zone. */
function showNanoTime(timeNs: bigint): string {
  const fraction = String(timeNs % 1_000_000_000n).padStart(9, '0');
  return showRfc3339(Number(timeNs / 1_000_000_000n)).replace(/^(.{19})/, `$1.${fraction}`);
}
