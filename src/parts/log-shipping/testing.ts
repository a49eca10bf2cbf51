import { appendFileSync } from 'node:fs';
import type { LogEntry } from '#parts/logs/log-entry.ts';
import { encodeLine, entry } from '#parts/logs/testing.ts';
import type { LogShipper, ShippingSubject } from './log-shipper.ts';

/** A receiver in memory that can be away. */
export class FakeShipper implements LogShipper {
  readonly lines: string[] = [];
  away = false;
  closed = false;

  ship(batch: readonly LogEntry[]): Promise<void> {
    if (this.away) return Promise.reject(new Error('the receiver is away'));
    this.lines.push(...batch.map(({ line }) => line.toString().trimEnd()));
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

/** The container that tests ship the log of. */
export const SUBJECT: ShippingSubject = {
  id: 'f'.repeat(64),
  name: 'web',
  imageId: `sha256:${'a'.repeat(64)}`,
  imageName: 'nginx',
  labels: { tier: 'front', 'x-y': '1' },
  env: ['STAGE=test', 'NONE'],
  createdAt: new Date('2026-01-02T03:04:05.000Z'),
  command: 'nginx -g daemon off;',
  hostname: 'host1',
};

/** Appends lines as the shim does; each has a time of its own. */
export function writeLines(path: string, texts: readonly string[]): void {
  appendFileSync(path, texts.map((text) => encodeLine(entry(`${text}\n`, { time: nextTime() }))).join(''));
}

let clock = 0;

function nextTime(): string {
  clock += 1;
  return `${new Date(Date.now()).toISOString().slice(0, 19)}.${String(clock).padStart(9, '0')}Z`;
}

/** Waits until `check` holds, ten seconds at most. */
export async function until(check: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !check(); ) {
    if (Date.now() > end) throw new Error(`in vain waited for: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
