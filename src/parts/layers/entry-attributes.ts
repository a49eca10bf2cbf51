import { codeOf } from '#base/errors.ts';
import { chmodAt, chownAt } from '#parts/host/files.ts';
import { setXattrAt } from '#parts/host/xattrs.ts';
import { cBytes, type TarEntry } from '#parts/tar/entry.ts';

/** Attributes by which overlayfs steers itself: an archive does not set them. */
const OVERLAY = 'trusted.overlay.';

/** The extended attributes that an archive may set. */
export function attributesOf(entry: TarEntry): [string, Uint8Array][] {
  return entry.xattrs.size === 0 ? [] : [...entry.xattrs].filter(([name]) => !name.startsWith(OVERLAY));
}

/** Of anything but an open file. */
export function setAttributes(parent: number, name: Uint8Array, entry: TarEntry): void {
  chownAt(parent, name, entry);
  if (entry.type !== 'symlink') chmodAt(parent, name, entry.mode);
  for (const [attribute, value] of attributesOf(entry)) tolerant(() => setXattrAt(parent, name, cBytes(attribute), value));
}

/** A file system that does not know an attribute, or not on such a file, does without it, as with Docker. */
export function tolerant(set: () => void): void {
  try {
    set();
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'EPERM') throw thrown;
  }
}
