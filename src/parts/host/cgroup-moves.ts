import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type CgroupLayout, parseProcCgroup } from './cgroups.ts';

/** Shorter than any grace period that was seen, so that the next move always finds the last one's effect. */
const REPEAT_MS = 8;

/**
 * Takes the wait out of moves into cgroups. The kernel lets a move begin only after a grace period (8 to 20 ms), unless
 * another has just been made (its rcu_sync, kernel/rcu/sync.c). So while a start is near, this process is moved again
 * and again to where it is already: the first of these waits, on a thread, while the start has other things to do.
 */
export class CgroupMoves implements AsyncDisposable {
  readonly #file: FileHandle | undefined;
  #untilMs = 0;
  #moving = false;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /** Where the own cgroup cannot be written (an engine in a container), moves wait as they always do. */
  static async open(layout: CgroupLayout): Promise<CgroupMoves> {
    const own = parseProcCgroup(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''));
    const [controller, root] = layout.version === 2 ? ['', layout.unified] : ([...layout.hierarchies].find(([name]) => own.has(name)) ?? []);
    const path = own.get(controller ?? '');
    if (root === undefined || path === undefined) return new CgroupMoves(undefined);
    return new CgroupMoves(await open(join(root, path, 'cgroup.procs'), 'r+').catch(() => undefined));
  }

  /** A process will be moved within so many milliseconds, by whomever. Returns at once; never throws. */
  expect(withinMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, performance.now() + withinMs);
    if (this.#file && !this.#moving) void this.#keepMoving(this.#file);
  }

  async #keepMoving(file: FileHandle): Promise<void> {
    this.#moving = true;
    try {
      while (performance.now() < this.#untilMs) {
        await file.write(String(process.pid));
        await pause(REPEAT_MS, undefined, { ref: false });
      }
    } catch {
      this.#untilMs = 0; // closed, or no longer ours to write: starts wait then, and go on
    } finally {
      this.#moving = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#untilMs = 0;
    await this.#file?.close();
  }
}
