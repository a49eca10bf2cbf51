import type { Events } from '#engine/events/events.ts';
import type { StoredImage } from './image-records.ts';

/**
 * Announces what happened to an image. Docker calls it by its id or by the name that was given to it, and adds its
 * labels while it is there.
 */
export function publishImage(events: Events, action: string, imageId: string, image?: Pick<StoredImage, 'document'>, name: string = imageId): void {
  events.publish({ type: 'image', action, actorId: imageId, attributes: { ...image?.document.config.labels, name } });
}
