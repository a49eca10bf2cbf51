import type { Events } from '#engine/events/events.ts';
import { canonicalName, familiarText, parseReference, withDefaultTag, type Reference } from '#parts/oci/reference.ts';
import { publishImage } from './image-events.ts';
import { getImage, isIdOf } from './image-finder.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { RemovedImage } from './images.ts';
import { cannotRemove, nameInUse, type RemovalConflict } from './errors.ts';

/** A container that was made from an image. */
export interface ImageUser {
  readonly id: string;
  readonly name: string;
  /** Also while it is paused. */
  readonly running: boolean;
}

interface Parts {
  readonly records: ImageRecords;
  readonly garbage: ImageGarbage;
  readonly events: Events;
  readonly usersOf: (imageId: string) => readonly ImageUser[];
}

export interface RemovalOptions {
  readonly force: boolean;
  readonly noPrune: boolean;
}

/** Which kinds of conflict stand in the way. */
interface Checks {
  readonly references: boolean;
  readonly stopped: boolean;
}

/**
 * Takes names from images, and removes images. The rules are Docker's (moby daemon/images/image_delete.go): a name goes
 * first; the image goes with its last name, unless something still needs it.
 */
export class ImageRemover {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {EngineError} `not-found`, or `conflict` where something needs the image */
  async remove(ref: string, options: RemovalOptions): Promise<RemovedImage[]> {
    const { records } = this.#parts;
    const image = getImage(records, ref);
    const removed: RemovedImage[] = [];
    const byId = isIdOf(image.id, ref);
    if (byId) this.#unnameSingle(image, options, removed);
    else if (this.#unname(image, ref, options, removed) === 'named still') return removed;
    await this.#delete(image, { force: options.force, prune: !options.noPrune, quiet: !byId }, removed);
    return removed;
  }

  #unname(image: StoredImage, ref: string, { force }: RemovalOptions, removed: RemovedImage[]): 'named still' | 'nameless' {
    const { records, usersOf } = this.#parts;
    const [user] = usersOf(image.id);
    if (!force && user && isSingle(records.namesOf(image.id))) throw nameInUse(ref, user.id, image.id);
    const name = withDefaultTag(parseReference(ref));
    this.#take(image, name, removed);
    if (name.digest === undefined) {
      const siblings = records.namesOf(image.id).filter((each) => canonicalName(each) === canonicalName(name));
      // A digest is not kept for its own sake once the last tag of its repository is gone.
      if (siblings.every(({ digest }) => digest !== undefined)) siblings.forEach((each) => this.#take(image, each, removed, { silent: true }));
    }
    return records.namesOf(image.id).length > 0 ? 'named still' : 'nameless';
  }

  #unnameSingle(image: StoredImage, { force }: RemovalOptions, removed: RemovedImage[]): void {
    const names = this.#parts.records.namesOf(image.id);
    if (!isSingle(names)) return;
    const conflict = this.#conflict(image, { references: false, stopped: !force });
    if (conflict) throw cannotRemove(conflict);
    names.forEach((name) => this.#take(image, name, removed));
  }

  async #delete(image: StoredImage, how: { force: boolean; prune: boolean; quiet: boolean }, removed: RemovedImage[]): Promise<void> {
    const { records, garbage, events } = this.#parts;
    const conflict = this.#conflict(image, { references: !how.force, stopped: !how.force });
    if (conflict) {
      const isDangling = records.namesOf(image.id).length === 0 && !records.hasChildren(image.id);
      if (how.quiet && (!isDangling || conflict.used)) return;
      throw cannotRemove(conflict);
    }
    records.namesOf(image.id).forEach((name) => this.#take(image, name, removed));
    records.delete(image.id);
    publishImage(events, 'delete', image.id);
    removed.push({ deleted: image.id });
    for (const { chainId } of await garbage.afterRemoval(image)) removed.push({ deleted: chainId });
    const parent = how.prune ? records.find(image.parent) : undefined;
    if (parent) await this.#delete(parent, { force: false, prune: true, quiet: true }, removed);
  }

  #conflict({ id }: StoredImage, checks: Checks): RemovalConflict | undefined {
    const { records, usersOf } = this.#parts;
    const users = usersOf(id);
    const conflict = (reason: string, hard: boolean, used: boolean): RemovalConflict => ({ imageId: id, reason, hard, used });
    if (records.hasChildren(id)) return conflict('image has dependent child images', true, false);
    const running = users.find((user) => user.running);
    if (running) return conflict(`image is being used by running container ${running.id.slice(0, 12)}`, true, true);
    if (checks.references && records.namesOf(id).length > 0) return conflict('image is referenced in multiple repositories', false, false);
    const [stopped] = users;
    if (checks.stopped && stopped) return conflict(`image is being used by stopped container ${stopped.id.slice(0, 12)}`, false, true);
    return undefined;
  }

  #take(image: StoredImage, name: Reference, removed: RemovedImage[], options: { silent: boolean } = { silent: false }): void {
    const { records, events } = this.#parts;
    records.unname(name);
    removed.push({ untagged: familiarText(name) });
    if (!options.silent) publishImage(events, 'untag', image.id, image);
  }
}

/** At most one tag, and digests of its repository alone: such an image goes by its id without force. */
function isSingle(names: readonly Reference[]): boolean {
  const tags = names.filter(({ digest }) => digest === undefined);
  const repositories = new Set(names.map(canonicalName));
  return names.length <= 1 || (tags.length <= 1 && repositories.size === 1);
}
