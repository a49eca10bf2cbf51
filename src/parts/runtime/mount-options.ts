import type { OciMount } from './oci-spec.ts';
import { tmpfsOptions } from './tmpfs-options.ts';

/** A directory or file of the host that the container sees. */
export interface BindMount {
  readonly type: 'bind';
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** With a recursive bind, leave what is mounted below writable. */
  readonly readOnlyNonRecursive?: boolean;
  /** Without what is mounted below the source. */
  readonly nonRecursive?: boolean;
  /** Empty for volumes; `rprivate` is Docker's default for binds. */
  readonly propagation: string;
}

export interface TmpfsMount {
  readonly type: 'tmpfs';
  readonly destination: string;
  /** As with `--tmpfs`: `size=64m,mode=1777`. */
  readonly options: string;
}

export type ContainerMount = BindMount | TmpfsMount;

/** @param recursiveReadOnly whether the runtime knows the option `rro` */
export function ociMount(mount: ContainerMount, recursiveReadOnly: boolean): OciMount {
  if (mount.type === 'tmpfs') return { destination: mount.destination, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(mount.options) };
  const options = [mount.nonRecursive ? 'bind' : 'rbind'];
  const deep = recursiveReadOnly && !mount.nonRecursive && !mount.readOnlyNonRecursive;
  if (mount.readOnly) options.push(deep ? 'rro' : 'ro');
  if (mount.propagation !== '') options.push(mount.propagation);
  return { destination: mount.destination, type: 'bind', source: mount.source, options };
}
