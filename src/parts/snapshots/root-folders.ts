import { mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '#base/errors.ts';
import { Directory, removeTreeAt } from '#parts/host/container-root.ts';
import { digestOfHex, hexOf, isDigest, type Digest } from '#parts/oci/digest.ts';

/** Trees up to so many entries are removed at once; handing a larger one to a thread is quicker for everybody else. */
const QUICK_REMOVAL = 256;

/** One container's part: `containers/<id>/rootfs/`. */
export interface RootPaths {
  readonly top: string;
  /** What the container wrote. */
  readonly upper: string;
  /** The kernel's. */
  readonly work: string;
  /** The root itself. */
  readonly merged: string;
  /** A symbolic link that names the stack below; none for an empty root. */
  readonly layer: string;
}

/** Where containers' roots lie, and which layers they stand on. */
export class RootFolders {
  readonly #root: string;

  constructor(containersRoot: string) {
    this.#root = containersRoot;
    mkdirSync(containersRoot, { recursive: true, mode: 0o711 });
  }

  of(containerId: string): RootPaths {
    const top = join(this.#root, containerId, 'rootfs');
    return { top, upper: join(top, 'upper'), work: join(top, 'work'), merged: join(top, 'merged'), layer: join(top, 'layer') };
  }

  /** Makes the folder and its link; nothing is left where that fails. */
  make(paths: RootPaths, chainId: string, more: () => void): void {
    mkdirSync(paths.top, { recursive: true, mode: 0o710 });
    try {
      if (isDigest(chainId)) symlinkSync(join('../../../layers', hexOf(chainId)), paths.layer);
      mkdirSync(paths.merged, { mode: 0o755 });
      more();
    } catch (thrown) {
      this.removeQuickly(paths.top);
      throw thrown;
    }
  }

  chainIdOf({ layer }: RootPaths): Digest | '' {
    try {
      return digestOfHex(basename(readlinkSync(layer)));
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return '';
      throw thrown;
    }
  }

  used(): ReadonlySet<string> {
    const chains = readdirSync(this.#root).map((id) => this.chainIdOf(this.of(id)));
    return new Set(chains.filter((chainId) => chainId !== ''));
  }

  /** @returns false where the tree is too large to be removed here and now */
  removeQuickly(path: string): boolean {
    try {
      using folder = Directory.open(dirname(path));
      return removeTreeAt(folder.fd, basename(path), QUICK_REMOVAL);
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return true;
      throw thrown;
    }
  }
}

/** Compares devices: an overlay has one of its own. */
export function isMountPoint(path: string, above: string): boolean {
  const device = (each: string): number | undefined => statSync(each, { throwIfNoEntry: false })?.dev;
  const own = device(path);
  return own !== undefined && own !== device(above);
}
