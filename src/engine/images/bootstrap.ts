import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedLock } from '#base/keyed-lock.ts';
import type { Events } from '#engine/events/events.ts';
import { recipeOf } from '#parts/bootstrap/recipes.ts';
import type { Recipe } from '#parts/bootstrap/bootstrap.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import { digestOf } from '#parts/oci/digest.ts';
import { familiarText, parseReference, withDefaultTag } from '#parts/oci/reference.ts';
import { BOOTSTRAP_LABEL, buildRecipe } from './bootstrap-build.ts';
import type { ImageCommitter } from './image-committer.ts';
import { publishImage } from './image-events.ts';
import type { ImageGarbage } from './image-garbage.ts';
import type { ImageRecords, StoredImage } from './image-records.ts';
import type { Report } from './images.ts';

export interface BootstrapRequest {
  /** `debian:bookworm`, `debian:trixie-slim`, `nginx`, `busybox`. */
  readonly image: string;
  /** Debian packages beside the minimal set. */
  readonly include: readonly string[];
  /** The name to give it; empty: the one that was asked for. */
  readonly tag: string;
  /** Build anew what was built from the same recipe before. */
  readonly refresh?: boolean;
}

interface Parts {
  readonly records: ImageRecords;
  readonly committer: ImageCommitter;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly garbage: ImageGarbage;
  readonly events: Events;
  /** Below the data root; nothing else may lie in it. */
  readonly workFolder: string;
}

/** Makes base images on this machine, from its package archive, where no registry can be reached. */
export class ImageBootstrapper {
  readonly #parts: Parts;
  readonly #making = new KeyedLock();

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Sweeps what a killed engine has left in the work folder. */
  static async open(parts: Parts): Promise<ImageBootstrapper> {
    await mkdir(parts.workFolder, { recursive: true, mode: 0o711 });
    for (const name of await readdir(parts.workFolder)) await rm(join(parts.workFolder, name), { recursive: true, force: true });
    return new ImageBootstrapper(parts);
  }

  /**
   * Makes the image, or finds the one that the same recipe made before, and names it.
   *
   * @throws {EngineError} `invalid` for an image that there is no recipe for; `unavailable` where a tool is missing
   */
  async bootstrap(request: BootstrapRequest, report: Report, cancel: AbortSignal): Promise<{ readonly id: string }> {
    const { records, workFolder, events } = this.#parts;
    const wanted = request.tag === '' ? undefined : parseReference(request.tag);
    const recipe = await recipeOf({ image: request.image, include: request.include, workFolder }, cancel);
    const reference = withDefaultTag(wanted ?? parseReference(recipe.name));
    const name = familiarText(reference);
    using _turn = await this.#making.hold(recipe.key, cancel);
    const known = request.refresh ? undefined : this.#madeBefore(recipe);
    if (known && records.findByName(reference)?.id === known.id) {
      report({ id: '', status: `Status: Image is up to date for ${name}` });
      return { id: known.id };
    }
    if (known) records.name(reference, known.id);
    const image = known ?? (await buildRecipe(this.#parts, { recipe, reference }, report, cancel));
    publishImage(events, known ? 'tag' : 'import', image.id, image, known ? name : image.id);
    report({ id: '', status: `Status: ${known ? 'Tagged the image that was built before as' : 'Built new image for'} ${name}` });
    return { id: image.id };
  }

  #madeBefore(recipe: Recipe): StoredImage | undefined {
    const key = digestOf(recipe.key);
    return this.#parts.records.all().find(({ document }) => document.config.labels[BOOTSTRAP_LABEL] === key);
  }
}
