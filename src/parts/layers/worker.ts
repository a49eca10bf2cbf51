import { parentPort } from 'node:worker_threads';
import { basename, dirname } from 'node:path';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';
import { Directory, removeTreeAt } from '#parts/host/container-root.ts';
import { mergeTrees } from './merge-tree.ts';
import { treeSize } from './tree-size.ts';
import { unpack } from './unpack.ts';
import type { Answer, Request } from './worker-messages.ts';

/** The thread that unpacks and removes trees, so that the engine's own thread keeps answering. One job at a time. */

function removeTree(path: string): void {
  using folder = Directory.open(dirname(path));
  try {
    removeTreeAt(folder.fd, basename(path));
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function measure(path: string): number {
  using folder = Directory.open(path);
  return treeSize(folder.fd);
}

async function answer({ job, cancelled }: Request): Promise<Answer> {
  const flag = new Int32Array(cancelled);
  try {
    if (job.kind === 'unpack') return { ok: true, value: await unpack(job, () => Atomics.load(flag, 0) !== 0) };
    if (job.kind === 'measure') return { ok: true, value: measure(job.path) };
    if (job.kind === 'merge') mergeTrees(job.layers, job.target);
    else removeTree(job.path);
    return { ok: true, value: undefined };
  } catch (thrown) {
    const kind = thrown instanceof EngineError ? thrown.kind : undefined;
    // An error with words of its own tells by its cause that the disk is full.
    const code = codeOf(thrown) ?? (thrown instanceof Error ? codeOf(thrown.cause) : undefined);
    return { ok: false, kind, code, message: messageOf(thrown), stack: thrown instanceof Error ? thrown.stack : undefined };
  }
}

parentPort?.on('message', (request: Request) => {
  void answer(request).then((result) => parentPort?.postMessage(result));
});
