import { closeSync, constants, openSync, readSync } from 'node:fs';
import { codeOf } from '#base/errors.ts';
import { errno, systemError } from './libc.ts';
import { mount } from './mounts.ts';
import { assertNoNul, checked, declareSyscall, SYS } from './syscall.ts';

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const AT_FDCWD = -100;
const MOUNT_ATTR_RDONLY = 1;
/** The kernel copies at most so many bytes of a string, with its end. */
const FSCONFIG_STRING_BYTES = 256;
/** mount(2) takes one page of options. */
const OPTIONS_BYTES = 4096;
const O_PATH = 0o10000000;

const fsopen = declareSyscall<[string, number]>(SYS.fsopen, ['str', 'uint']);
const fsconfig = declareSyscall<[number, number, string | null, string | null, number]>(SYS.fsconfig, ['int', 'uint', 'str', 'str', 'int']);
const fsmount = declareSyscall<[number, number, number]>(SYS.fsmount, ['int', 'uint', 'uint']);
const moveMount = declareSyscall<[number, string, number, string, number]>(SYS.moveMount, ['int', 'str', 'int', 'str', 'uint']);

export interface OverlayMount {
  readonly target: string;
  /** The topmost first. At least one. */
  readonly lower: readonly string[];
  /** Both or none: without them the mount is read-only. */
  readonly upper?: string;
  readonly work?: string;
  /** Further options of overlayfs: `{ index: 'off', volatile: true }`. */
  readonly options?: Readonly<Record<string, string | true>>;
  /** What /proc/mounts shows as its device; `overlay` by default. */
  readonly source?: string;
}

/**
 * Mounts an overlay of any number of layers (the kernel allows 500). From Linux 6.8 on each layer is an option of its
 * own; before that all must fit in one page, for which their paths are shortened to `/proc/self/fd/N`.
 *
 * @throws the system's error; its message holds what the kernel says about the failure
 * @see https://docs.kernel.org/filesystems/overlayfs.html (Multiple lower layers)
 */
export function mountOverlay(overlay: OverlayMount): void {
  assertNoNul(overlay.target, overlay.upper, overlay.work, ...overlay.lower);
  if (!mountByLayer(overlay)) mountOverlayByOptions(overlay);
}

/** False where the kernel does not know the way. */
function mountByLayer(overlay: OverlayMount): boolean {
  const context = fsopen('overlay', FSOPEN_CLOEXEC);
  if (context < 0) {
    if (systemError('fsopen', 'overlay', errno()).code === 'ENOSYS') return false;
    throw systemError('fsopen', 'overlay');
  }
  using names = new ShortNames();
  try {
    const set = (key: string, value: string | true): void => {
      const result = value === true ? fsconfig(context, FSCONFIG_SET_FLAG, key, null, 0) : fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
      if (result < 0) throw contextError(context, `${key}=${String(value)}`);
    };
    set('source', overlay.source ?? 'overlay');
    try {
      overlay.lower.forEach((path) => set('lowerdir+', names.of(path, fits)));
    } catch (thrown) {
      if (codeOf(thrown) === 'EINVAL') return false;
      throw thrown;
    }
    for (const [key, value] of optionsOf(overlay, (path) => names.of(path, fits))) set(key, value);
    if (fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0) < 0) throw contextError(context, overlay.target);
    attach(context, overlay);
    return true;
  } finally {
    closeSync(context);
  }
}

function attach(context: number, overlay: OverlayMount): void {
  const mounted = checked(fsmount(context, FSMOUNT_CLOEXEC, overlay.upper === undefined ? MOUNT_ATTR_RDONLY : 0), 'fsmount', overlay.target);
  try {
    checked(moveMount(mounted, '', AT_FDCWD, overlay.target, MOVE_MOUNT_F_EMPTY_PATH), 'move_mount', overlay.target);
  } finally {
    closeSync(mounted);
  }
}

/** The way for kernels before 6.8: all layers in one page of text. */
export function mountOverlayByOptions(overlay: OverlayMount): void {
  const text = (short: (path: string) => string): string =>
    [['lowerdir', overlay.lower.map(short).join(':')], ...optionsOf(overlay, short)].map(([key, value]) => (value === true ? key : `${key}=${value}`)).join(',');
  using names = new ShortNames();
  const plain = text((path) => names.of(path, (name) => !/[\\:,]/.test(name)));
  const data = Buffer.byteLength(plain) < OPTIONS_BYTES ? plain : text((path) => names.of(path, () => false));
  if (Buffer.byteLength(data) >= OPTIONS_BYTES) throw systemError('mount', `${overlay.target}: ${overlay.lower.length} layers`, 7);
  mount({ source: overlay.source ?? 'overlay', target: overlay.target, type: 'overlay', flags: overlay.upper === undefined ? 1 : 0, data });
}

function optionsOf(overlay: OverlayMount, short: (path: string) => string): [string, string | true][] {
  const options: [string, string | true][] = Object.entries(overlay.options ?? {});
  if (overlay.upper !== undefined) options.push(['upperdir', short(overlay.upper)]);
  if (overlay.work !== undefined) options.push(['workdir', short(overlay.work)]);
  return options;
}

/** Short enough, and without what overlayfs reads as a separator or an escape. */
function fits(path: string): boolean {
  return Buffer.byteLength(path) < FSCONFIG_STRING_BYTES && !/[\\:,]/.test(path);
}

/** Other names for folders, valid in this process until disposed. */
class ShortNames implements Disposable {
  readonly #open: number[] = [];

  of(path: string, isGood: (path: string) => boolean): string {
    if (isGood(path)) return path;
    const descriptor = openSync(path, O_PATH | constants.O_DIRECTORY);
    this.#open.push(descriptor);
    return `/proc/self/fd/${descriptor}`;
  }

  [Symbol.dispose](): void {
    this.#open.forEach((descriptor) => closeSync(descriptor));
  }
}

/** The failed call's error, with the messages that the kernel left in the context. */
function contextError(context: number, detail: string): NodeJS.ErrnoException {
  const number = errno();
  const said: string[] = [];
  const buffer = Buffer.alloc(1024);
  try {
    for (let size = readSync(context, buffer); size > 0; size = readSync(context, buffer)) said.push(buffer.toString('utf8', 2, size).trim());
  } catch {
    // ENODATA: no more of them
  }
  return systemError('fsconfig', [detail, ...said].join(': '), number);
}
