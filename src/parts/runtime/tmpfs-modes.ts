import { closeSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { ContainerRoot } from '#parts/host/container-root.ts';
import { O, statFd } from '#parts/host/files.ts';
import type { ContainerMount } from './mount-options.ts';

/**
 * Gives each tmpfs that names no mode the one of the folder it covers in the image, so that `--tmpfs /run` does not
 * open /run to everybody. runc does that itself, crun does not.
 */
export function withFolderModes(mounts: readonly ContainerMount[], rootfs: string): readonly ContainerMount[] {
  if (!mounts.some(needsMode)) return mounts;
  using root = ContainerRoot.open(rootfs);
  return mounts.map((mount) => {
    const mode = needsMode(mount) ? modeOf(root, mount.destination) : undefined;
    if (mode === undefined || mount.type !== 'tmpfs') return mount;
    const own = `mode=${mode.toString(8)}`;
    return { ...mount, options: mount.options === '' ? own : `${mount.options},${own}` };
  });
}

function needsMode(mount: ContainerMount): boolean {
  return mount.type === 'tmpfs' && !mount.options.split(',').some((option) => option.startsWith('mode='));
}

function modeOf(root: ContainerRoot, path: string): number | undefined {
  let fd: number;
  try {
    fd = root.openFile(path, O.directory);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) return undefined; // the runtime makes it, or says why not
    throw thrown;
  }
  try {
    return statFd(fd).mode;
  } finally {
    closeSync(fd);
  }
}
