import { Readable } from 'node:stream';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import type { LogEntry, LogQuery } from '#parts/logs/log-entry.ts';
import type { Container } from './container.ts';
import type { AttachOptions, AttachSession, LogStream } from './containers.ts';
import type { ContainerRecords } from './records.ts';
import { isRunningToDocker } from './waiters.ts';

/** `parts/logs`: the entries of a json-file log and its rotated files; with `follow` until `ended` fires and all is read. */
export type LogReader = (path: string, query: LogQuery, ended: AbortSignal, cancel: AbortSignal) => AsyncIterable<readonly LogEntry[]>;

interface Parts {
  readonly records: ContainerRecords;
  readonly read: LogReader;
  /** `containers/` below the data root. */
  readonly folder: string;
}

/** Reads what containers have said. */
export class ContainerLogs {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async read(container: Container, query: LogQuery, cancel: AbortSignal): Promise<LogStream> {
    const { id, spec } = container;
    if (!query.stdout && !query.stderr) throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream');
    if (spec.host.logDriver === 'none') {
      throw new EngineError('not-implemented', 'configured logging driver does not support reading');
    }
    const path = join(this.#parts.folder, id, `${id}-json.log`);
    return { tty: spec.process.tty, entries: this.#until(container, path, query, cancel) };
  }

  /** The session with what was logged before it in front. */
  async before(session: AttachSession, container: Container, options: AttachOptions, cancel: AbortSignal): Promise<AttachSession> {
    const query: LogQuery = {
      stdout: options.stdout, stderr: options.stderr,
      follow: false, tail: undefined, sinceNs: undefined, untilNs: undefined,
    };
    const { entries } = await this.read(container, query, cancel);
    const output = Readable.from(inTurn(entries, session), { objectMode: false });
    return {
      ...session, output,
      [Symbol.asyncDispose]: async () => {
        output.destroy();
        await session[Symbol.asyncDispose]();
      },
    };
  }

  async *#until(container: Container, path: string, query: LogQuery, cancel: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const ended = new AbortController();
    const { records, read } = this.#parts;
    using _watch = records.watch((id, now) => {
      if (id === container.id && (!now || !isRunningToDocker(now))) ended.abort();
    });
    const now = records.find(container.id);
    // one that has not started yet is followed until it has run
    if (!now || (!isRunningToDocker(now) && now.state.status !== 'created')) ended.abort();
    yield* read(path, query, ended.signal, cancel);
  }
}

async function* inTurn(logged: AsyncIterable<readonly LogEntry[]>, { output, tty }: AttachSession): AsyncGenerator<Buffer> {
  for await (const batch of logged) for (const entry of batch) yield framed(entry, tty);
  yield* output as AsyncIterable<Buffer>;
}

function framed({ source, line }: LogEntry, tty: boolean): Buffer {
  if (tty) return line;
  const header = Buffer.alloc(8);
  header[0] = source === 'stdout' ? 1 : 2;
  header.writeUInt32BE(line.length, 4);
  return Buffer.concat([header, line]);
}
