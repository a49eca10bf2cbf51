import { spawn } from 'node:child_process';
import { EngineError, codeOf } from '#base/errors.ts';
import { ContainerRoot, type Directory } from '#parts/host/container-root.ts';
import type { MountPoint } from './container.ts';

const MAX_ERROR_BYTES = 4096;

/**
 * Fills an empty volume with what the image has at its place: owners, modes, times, links, attributes. The source is
 * looked up inside the root and handed to cp(1) as an open folder, so that no link in the image leads out.
 */
export async function copyUp(rootfs: string, { source, destination }: Pick<MountPoint, 'source' | 'destination'>): Promise<void> {
  using root = ContainerRoot.open(rootfs);
  using from = openFolder(root, destination);
  if (!from) return;
  await copy(from, source);
}

/** undefined where the image has nothing there, or no folder. */
function openFolder(root: ContainerRoot, path: string): Directory | undefined {
  try {
    return root.openDirectory(path);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

async function copy(from: Directory, to: string): Promise<void> {
  const child = spawn('cp', ['--archive', '--reflink=auto', '--', '/proc/self/fd/3/.', to], { stdio: ['ignore', 'ignore', 'pipe', from.fd] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < MAX_ERROR_BYTES) said += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new EngineError('internal', `the image's content could not be copied into the volume: ${said.trim() || `cp ended with ${code}`}`);
}
