import { closeSync, existsSync, statSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { ContainerRoot } from '#parts/host/container-root.ts';
import { makeFolderAt, O, openAt } from '#parts/host/files.ts';
import { bindOnto, makeReadOnly, unshareMounts } from '#parts/host/mount-clone.ts';
import { listMounts } from '#parts/host/mount-table.ts';
import { unmountSync } from '#parts/host/mounts.ts';

/** A container's root with what is mounted into it, as its processes see it; but for tmpfs, devices, /proc and /sys. */
export interface RootView {
  readonly root: string;
  /** The folder of all containers: their roots are of no concern here. */
  readonly containers: string;
  readonly readOnly: boolean;
  readonly mounts: readonly ViewMount[];
}

export interface ViewMount {
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
}

/**
 * Builds the view in mounts that this thread alone has: nothing of it is seen outside, and it goes with the thread, also
 * when the engine is killed. Where a container has put a link at a mount's place, it leads inside.
 */
export function enterView(view: RootView): ContainerRoot {
  unshareMounts();
  for (const { target } of listMounts('/proc/thread-self/mountinfo')) {
    // another container's root, held here, could not be mounted again outside
    if (target.startsWith(`${view.containers}/`) && target !== view.root) unmountSync(target, { detach: true });
  }
  {
    using below = ContainerRoot.open(view.root);
    bindOnto(view.root, below.fd, { recursive: false, readOnly: false });
  }
  const root = ContainerRoot.open(view.root);
  const depth = ({ destination }: ViewMount): number => destination.split('/').length;
  for (const mount of view.mounts.toSorted((a, b) => depth(a) - depth(b))) show(mount, root);
  if (view.readOnly) makeReadOnly(root.fd, false);
  return root;
}

function show({ source, destination, readOnly }: ViewMount, root: ContainerRoot): void {
  if (!existsSync(source)) return; // made at the first start
  const target = openOrMake(root, destination, statSync(source).isDirectory());
  try {
    bindOnto(source, target, { recursive: true, readOnly });
  } finally {
    closeSync(target);
  }
}

/** The place to mount at, which a container that has never run may not have yet. */
function openOrMake(root: ContainerRoot, path: string, isFolder: boolean): number {
  try {
    return root.openFile(path, O.path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
  const parts = path.split('/').filter((part) => part !== '');
  for (let length = 1; length <= parts.length; length++) {
    const isLast = length === parts.length;
    const { parent, name } = root.openParent(parts.slice(0, length).join('/'));
    using _parent = parent;
    try {
      if (!isLast || isFolder) makeFolderAt(parent.fd, name, 0o755);
      else closeSync(openAt(parent.fd, name, { flags: O.creat | O.excl | O.wronly | O.nofollow, mode: 0o644 }));
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
    }
  }
  return root.openFile(path, O.path);
}
