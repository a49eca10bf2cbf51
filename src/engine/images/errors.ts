import { shortId } from '#base/ids.ts';
import { EngineError } from '#base/errors.ts';
import { familiarText, withDefaultTag, type Reference } from '#parts/oci/reference.ts';

// Docker's own wording: clients match on it (moby daemon/images).

export function noSuchImage(ref: string | Reference): EngineError {
  return new EngineError('not-found', `No such image: ${typeof ref === 'string' ? ref : familiarText(withDefaultTag(ref))}`);
}

export function noSuchReference(): EngineError {
  return new EngineError('not-found', 'reference does not exist');
}

export function nameInUse(ref: string, containerId: string, imageId: string): EngineError {
  return new EngineError(
    'conflict',
    `conflict: unable to remove repository reference "${ref}" (must force) - container ${shortId(containerId)} is using its referenced image ${shortId(imageId)}`,
  );
}

/** What stands in the way of an image's removal. */
export interface RemovalConflict {
  readonly imageId: string;
  readonly reason: string;
  /** Force does not help. */
  readonly hard: boolean;
  /** A container uses it. */
  readonly used: boolean;
}

export function cannotRemove({ imageId, reason, hard }: RemovalConflict): EngineError {
  return new EngineError('conflict', `conflict: unable to delete ${shortId(imageId)} (${hard ? 'cannot' : 'must'} be forced) - ${reason}`);
}
