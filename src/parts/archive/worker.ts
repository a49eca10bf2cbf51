import { parentPort } from 'node:worker_threads';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';
import { listChanges } from './changes.ts';
import { factsOrNotFound, packPath, unpackInto } from './copy.ts';
import type { ArchiveMessage, ArchiveRequest, ArchiveResult } from './messages.ts';
import { packLayer, packRoot } from './pack.ts';
import { enterView } from './root-view.ts';

/** A thread for one job on a container's files: it may wait for a slow client as long as that takes. */

function work({ job, cancelled }: ArchiveRequest): ArchiveResult {
  switch (job.kind) {
    case 'changes':
      return listChanges(job.tree);
    case 'layer':
      return packLayer(job.tree, job.output);
    case 'export':
      return packRoot(job.root, job.output);
    case 'stat': {
      using root = enterView(job.view);
      return factsOrNotFound(root, job.rooted);
    }
    case 'read': {
      using root = enterView(job.view);
      const facts = factsOrNotFound(root, job.rooted);
      parentPort?.postMessage({ type: 'found', facts } satisfies ArchiveMessage);
      return packPath(root, job.rooted, facts, job.output);
    }
    case 'write': {
      using root = enterView(job.view);
      const flag = new Int32Array(cancelled);
      unpackInto(root, { ...job, isCancelled: () => Atomics.load(flag, 0) !== 0 });
      return undefined;
    }
    default:
      return job satisfies never;
  }
}

function answer(request: ArchiveRequest): ArchiveMessage {
  try {
    return { type: 'done', value: work(request) };
  } catch (thrown) {
    const kind = thrown instanceof EngineError ? thrown.kind : undefined;
    return { type: 'failed', kind, code: codeOf(thrown), message: messageOf(thrown), stack: thrown instanceof Error ? thrown.stack : undefined };
  }
}

parentPort?.once('message', (request: ArchiveRequest) => parentPort?.postMessage(answer(request)));
