import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MS, mount, unmountSync } from '#parts/host/mounts.ts';
import { isMountPoint } from '#parts/host/mount-table.ts';

/** The /dev/shm of containers that share it (`--ipc shareable`): mounted by the engine, so that others can have the same one. */
export class SharedMemoryMounts {
  readonly #folder: string;

  /** @param folder one of its own below the exec root */
  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf(containerId: string): string {
    return join(this.#folder, containerId);
  }

  mount(containerId: string, sizeBytes: number): void {
    const target = this.pathOf(containerId);
    mkdirSync(target, { recursive: true, mode: 0o700 });
    if (isMountPoint(target)) return;
    mount({ source: 'shm', target, type: 'tmpfs', flags: MS.nosuid | MS.noexec | MS.nodev, data: `mode=1777,size=${sizeBytes}` });
  }

  /** Those who have it mounted keep it until they end. Not being there is no error. */
  unmount(containerId: string): void {
    const target = this.pathOf(containerId);
    if (!existsSync(target)) return;
    if (isMountPoint(target)) unmountSync(target, { detach: true });
    rmSync(target, { recursive: true, force: true });
  }
}
