import { existsSync } from 'node:fs';
import { EngineError } from '#base/errors.ts';
import type { Image } from '#engine/images/images.ts';

/** The kernel's word for an architecture in the names of emulators. */
const QEMU: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64', '386': 'i386', arm: 'arm', ppc64le: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' };
/** Runs without an emulator too. */
const ALSO: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/**
 * An image for another processor runs where the kernel has an emulator for it; elsewhere each of its programs fails.
 *
 * @throws {EngineError} `invalid` that begins as the kernel's own error would
 */
export function assertRunnable(image: Image | undefined, architecture: string): void {
  if (!image || image.architecture === '' || image.architecture === architecture || ALSO[architecture]?.includes(image.architecture)) return;
  const emulator = `/proc/sys/fs/binfmt_misc/qemu-${QEMU[image.architecture] ?? image.architecture}`;
  if (existsSync(emulator)) return;
  const [first = image.id] = image.repoTags;
  throw new EngineError(
    'invalid',
    `exec format error: ${first} is an image for ${image.os}/${image.architecture}, this host is linux/${architecture}: pull it with --platform linux/${architecture}, or install qemu-user-static to emulate`,
  );
}
