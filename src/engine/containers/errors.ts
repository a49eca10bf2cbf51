// Docker's own wording: clients match on it (moby daemon/errors.go and container/state.go).
import { EngineError } from '#base/errors.ts';

export function noSuchContainer(ref: string): EngineError {
  return new EngineError('not-found', `No such container: ${ref}`);
}

export function ambiguousId(prefix: string): EngineError {
  return new EngineError('invalid', `multiple IDs found with provided prefix: ${prefix}`);
}

export function noSuchExec(id: string): EngineError {
  return new EngineError('not-found', `No such exec instance: ${id}`);
}

export function nameInUse(name: string, holder: string): EngineError {
  return new EngineError(
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

export function invalidName(name: string): EngineError {
  return new EngineError('invalid', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

/** Docker's preface to what a new name may not be. */
export function notRenamed(cause: EngineError): EngineError {
  return new EngineError(cause.kind, `Error when allocating new name: ${cause.message}`, { cause });
}

export function notRunning(id: string): EngineError {
  return new EngineError('conflict', `container ${id} is not running`);
}

/** `ref` as the user gave it. */
export function isPausedForExec(ref: string): EngineError {
  return new EngineError('conflict', `Container ${ref} is paused, unpause the container before exec`);
}

/** Docker's two other words for the same, for a client that wants to attach. */
export function cannotAttach(ref: string, status: 'paused' | 'restarting'): EngineError {
  const advice = status === 'paused' ? 'unpause the container before attach' : 'wait until the container is running';
  return new EngineError('conflict', `container ${ref} is ${status}, ${advice}`);
}

export function isRestarting(id: string): EngineError {
  return new EngineError('conflict', `Container ${id} is restarting, wait until the container is running`);
}

/** `ref` as the user gave it. */
export function cannotRemoveLive(ref: string, status: string): EngineError {
  const advice = status === 'paused' ? 'paused and must be unpaused first' : `${status}: stop the container before removing or force remove`;
  return new EngineError('conflict', `cannot remove container "${ref}": container is ${advice}`);
}

export function removalInProgress(id: string): EngineError {
  return new EngineError('conflict', `removal of container ${id} is already in progress`);
}
