import { EngineError } from '#base/errors.ts';
import { jsonStream, type StreamAnswer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { eventMessage } from '#api/shapes/events.ts';
import type { Events } from '#engine/events/events.ts';
import { formatEvent } from '#protocol/events.ts';
import { decodeFilters } from '#protocol/filters.ts';
import { RECORD_SEPARATOR } from '#protocol/json-lines.ts';
import { parseUnixTimestamp } from '#protocol/timestamps.ts';

export function eventRoutes(events: Events): Route[] {
  return [route('GET', '/events', (request) => watch(events, request))];
}

function watch(events: Events, request: ApiRequest): StreamAnswer {
  const { query } = request;
  const [sinceNs, untilNs] = [timeOf(query.text('since')), timeOf(query.text('until'))];
  if (sinceNs !== undefined && untilNs !== undefined && sinceNs > untilNs) {
    throw new EngineError('invalid', `\`since\` time (${query.text('since')}) cannot be after \`until\` time (${query.text('until')})`);
  }
  const filters = decodeFilters(query.text('filters'));
  const found = events.watch({ sinceNs, untilNs, filters }, request.cancel);
  const legacy = !request.speaks('1.52');
  const form = legacy ? PLAIN : formOf(request.headers.accept ?? '');
  return jsonStream(async (out) => {
    out.begin();
    for await (const event of found) await out.write(`${form.before}${formatEvent(eventMessage(event, legacy))}\n`);
  }, form.contentType);
}

function timeOf(text: string): bigint | undefined {
  return text === '' ? undefined : parseUnixTimestamp(text);
}

interface Form {
  readonly contentType: string;
  readonly before: string;
}

const PLAIN: Form = { contentType: 'application/json', before: '' };

/** Since API 1.52 a client may say which of the forms of a JSON stream it takes. */
function formOf(accept: string): Form {
  const wanted = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  if (wanted.includes('application/json-seq')) return { contentType: 'application/json-seq', before: RECORD_SEPARATOR };
  if (wanted.includes('application/jsonl')) return { contentType: 'application/jsonl', before: '' };
  if (wanted.includes('application/x-ndjson')) return { contentType: 'application/x-ndjson', before: '' };
  return PLAIN;
}
