import { readFile } from 'node:fs/promises';
import { codeOf } from '#base/errors.ts';

/** How a process ended, as its shim saw it. */
export interface ExitRecord {
  /** Which start of the container this was the end of. */
  readonly generation: number;
  /** The process's own, or 128 + signal. */
  readonly exitCode: number;
  /** 0 where no signal ended it. */
  readonly signal: number;
  /** The kernel killed in its cgroup for want of memory. */
  readonly oomKilled: boolean;
  readonly finishedAt: Date;
  /** The same moment with nanoseconds, RFC 3339. */
  readonly finishedAtText: string;
  /** Lines of output that a full disk kept out of the log. */
  readonly lostLines: number;
}

/**
 * Reads the record that a shim leaves behind; undefined where there is none (yet).
 *
 * @throws {Error} when the file is there and is not such a record
 */
export async function readExitRecord(path: string): Promise<ExitRecord | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    // a power cut can leave the name without the words, where the shim had told an engine and need not wait for the disk
    return text === '' ? undefined : fromJson(JSON.parse(text), path);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function fromJson(value: unknown, path: string): ExitRecord {
  const { generation, exitCode, signal, oom, finishedAt, lostLines } = Object(value) as Record<string, unknown>;
  if (typeof generation !== 'number' || typeof exitCode !== 'number' || typeof finishedAt !== 'string') {
    throw new Error(`${path} is not an exit record`);
  }
  return record({ generation, exitCode, signal: Number(signal), oom: oom === true, at: finishedAt, lost: Number(lostLines) });
}

/** Reads the payload of the frame that says the same: `generation code signal oom time lost`. */
export function parseExitFrame(payload: Buffer): ExitRecord {
  const [generation, code, signal, oom, at, lost] = payload.toString('latin1').split(' ');
  if (at === undefined) throw new Error('a shim sent an exit that cannot be read');
  return record({ generation: Number(generation), exitCode: Number(code), signal: Number(signal), oom: oom === '1', at, lost: Number(lost) });
}

interface Fields {
  generation: number;
  exitCode: number;
  signal: number;
  oom: boolean;
  at: string;
  lost: number;
}

function record({ generation, exitCode, signal, oom, at, lost }: Fields): ExitRecord {
  return { generation, exitCode, signal, oomKilled: oom, finishedAt: new Date(at), finishedAtText: at, lostLines: lost };
}
