import { shortId } from '#base/ids.ts';
import type { Digest } from '#parts/oci/digest.ts';
import type { Report } from './images.ts';

const INTERVAL_MS = 100;

/** What happens to one layer, in Docker's words. */
export class LayerProgress {
  readonly #id: string;
  readonly #report: Report;
  #lastAt = 0;
  #lastStatus = '';

  constructor(digest: Digest, report: Report) {
    this.#id = shortId(digest);
    this.#report = report;
  }

  say(status: string): void {
    this.#lastStatus = status;
    this.#report({ id: this.#id, status });
  }

  /** Bytes done of all; told at most ten times a second, the last one always. */
  move(status: 'Downloading' | 'Extracting', current: number, total: number): void {
    const now = performance.now();
    if (status === this.#lastStatus && current < total && now - this.#lastAt < INTERVAL_MS) return;
    this.#lastAt = now;
    this.#lastStatus = status;
    this.#report({ id: this.#id, status, current, total });
  }
}
