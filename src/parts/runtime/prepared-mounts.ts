import { closeSync, statSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { ContainerRoot } from '#parts/host/container-root.ts';
import { O, statFd } from '#parts/host/files.ts';
import type { BindMount, ContainerMount, TmpfsMount } from './mount-options.ts';

/** Completes mounts with what only a look at the files can tell, so that crun and runc do the same with them. */
export function preparedMounts(mounts: readonly ContainerMount[], rootfs: string): readonly ContainerMount[] {
  using root = mounts.some((mount) => mount.type === 'tmpfs') ? ContainerRoot.open(rootfs) : undefined;
  return mounts.map((mount) => {
    if (mount.type === 'bind') return withReach(mount);
    return root ? withFolderMode(mount, root) : mount;
  });
}

/** Nothing is mounted below a file; crun 1.8 refuses to make one read-only "with all below". */
function withReach(mount: BindMount): BindMount {
  if (!mount.readOnly || mount.nonRecursive || mount.readOnlyNonRecursive) return mount;
  const facts = statSync(mount.source, { throwIfNoEntry: false });
  return facts && !facts.isDirectory() ? { ...mount, readOnlyNonRecursive: true } : mount;
}

/**
 * A tmpfs that names no mode gets the one of the folder it covers in the image, so that `--tmpfs /run` does not open
 * /run to everybody. runc does that itself.
 */
function withFolderMode(mount: TmpfsMount, root: ContainerRoot): TmpfsMount {
  if (mount.options.split(',').some((option) => option.startsWith('mode='))) return mount;
  const mode = modeOf(root, mount.destination);
  if (mode === undefined) return mount;
  const own = `mode=${mode.toString(8)}`;
  return { ...mount, options: mount.options === '' ? own : `${mount.options},${own}` };
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
