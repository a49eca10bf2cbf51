import { EngineError } from '#base/errors.ts';
import { json, jsonStream, MULTIPLEXED_STREAM, RAW_STREAM, type Answer, type HijackAnswer, type StreamAnswer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { logBytes } from '#api/shapes/log-lines.ts';
import type { Containers, WaitCondition, WaitResult } from '#engine/containers/containers.ts';
import type { LogQuery } from '#parts/logs/log-entry.ts';
import type { WaitResponse } from '#protocol/containers.ts';
import { frame } from '#protocol/stdcopy.ts';
import { parseUnixTimestamp } from '#protocol/timestamps.ts';

type Named = ApiRequest<{ readonly name: string }>;

/** Attach, logs and wait: what goes on for as long as a container does. */
export function containerStreamRoutes(containers: Containers): Route[] {
  return [
    route('POST', '/containers/{name}/attach', (request) => attach(containers, request), { hijacks: true, plainFailures: true }),
    route('GET', '/containers/{name}/logs', (request) => logs(containers, request)),
    route('POST', '/containers/{name}/wait', (request) => wait(containers, request)),
  ];
}

async function attach(containers: Containers, request: Named): Promise<HijackAnswer> {
  const { query, params, cancel } = request;
  const options = {
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    stream: query.flag('stream'),
    logs: query.flag('logs'),
    detachKeys: query.find('detachKeys'),
  };
  const session = await containers.attach(params.name, options, cancel);
  return { type: 'hijack', session, stdin: options.stdin, contentType: streamType(request, session.tty), headers: {} };
}

/** Since API 1.42 the content type tells whether a stream is framed. */
export function streamType(request: Pick<ApiRequest, 'speaks'>, tty: boolean): string {
  return tty || !request.speaks('1.42') ? RAW_STREAM : MULTIPLEXED_STREAM;
}

async function logs(containers: Containers, request: Named): Promise<StreamAnswer> {
  const { query, params, cancel } = request;
  const wanted: LogQuery = {
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    follow: query.flag('follow'),
    tail: tailOf(query.text('tail')),
    sinceNs: momentOf(query.text('since')),
    untilNs: query.text('until') === '0' ? undefined : momentOf(query.text('until')),
  };
  if (!wanted.stdout && !wanted.stderr) throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream');
  const { tty, entries } = await containers.logs(params.name, wanted, cancel);
  const format = { framed: !tty, timestamps: query.flag('timestamps'), details: query.flag('details') };
  return {
    type: 'stream',
    headers: { 'Content-Type': streamType(request, tty) },
    async run(out) {
      out.begin();
      for await (const batch of entries) {
        if (batch.length > 0) await out.write(logBytes(batch, format));
      }
    },
    failure(message) {
      const text = `Error grabbing logs: ${message}\n\n`;
      return format.framed ? frame('system', Buffer.from(text)) : text;
    },
  };
}

/** A number that makes no sense means all, as with dockerd. */
function tailOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function momentOf(text: string): bigint | undefined {
  return text === '' ? undefined : parseUnixTimestamp(text);
}

const CONDITIONS: ReadonlySet<string> = new Set(['not-running', 'next-exit', 'removed']);

async function wait(containers: Containers, request: Named): Promise<Answer> {
  const { query, params, cancel } = request;
  // Before API 1.30 there were no conditions, and nothing was sent before the end.
  const legacy = !request.speaks('1.30');
  const condition = (legacy ? '' : query.text('condition')) || 'not-running';
  if (!CONDITIONS.has(condition)) throw new EngineError('invalid', `invalid condition: ${JSON.stringify(condition)}`);
  const { done } = await containers.wait(params.name, condition as WaitCondition, cancel);
  if (legacy) return json(waitResponse(await done));
  return jsonStream(async (out) => {
    out.begin();
    await out.write(`${JSON.stringify(waitResponse(await done))}\n`);
  });
}

function waitResponse({ exitCode, error }: WaitResult): WaitResponse {
  return { ...(error !== undefined && { Error: { Message: error } }), StatusCode: exitCode };
}
