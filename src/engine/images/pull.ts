import type { Log } from '#base/log.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#parts/content/content-store.ts';
import type { Leases } from '#parts/content/leases.ts';
import { isDigest } from '#parts/oci/digest.ts';
import { HOST_PLATFORM, formatPlatform, parsePlatform, platformRank } from '#parts/oci/platform.ts';
import { familiarName, familiarText, parseReference, repositoryOf, withDigest, withTag, type Reference } from '#parts/oci/reference.ts';
import { ANONYMOUS, type Credentials } from '#parts/registry/credentials.ts';
import type { Registries } from '#parts/registry/registries.ts';
import type { Repository } from '#parts/registry/repository.ts';
import type { Snapshotter } from '#parts/snapshots/snapshotter.ts';
import type { PullRequest, Report } from './images.ts';
import { pausesFor } from './pull-blob.ts';
import { isFullDisk, pullFailed } from './pull-errors.ts';
import { BlobFetcher } from './pull-fetcher.ts';
import { pullImage, type ImageTarget } from './pull-image.ts';
import type { AskedPlatform } from './pull-resolve.ts';

interface Parts {
  readonly registries: Registries;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly images: ImageTarget;
  readonly events: Pick<Events, 'publish'>;
  readonly log: Log;
  /** `max-concurrent-downloads` of daemon.json; Docker's default is 3. */
  readonly maxDownloads: number;
  /** `max-download-attempts`, per blob; Docker's default is 5. */
  readonly maxAttempts?: number;
  /** Seconds before further attempts at a blob, in place of `maxAttempts`; for tests. */
  readonly retryPauses?: readonly number[];
}

const DEFAULT_ATTEMPTS = 5;

/** Brings images from registries into the store, layer by layer, and names them. */
export class ImagePuller {
  readonly #parts: Parts;
  readonly #fetcher: BlobFetcher;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { content, log, maxDownloads, maxAttempts = DEFAULT_ATTEMPTS } = parts;
    this.#fetcher = new BlobFetcher({ content, log, maxDownloads, pauses: parts.retryPauses ?? pausesFor(maxAttempts) });
  }

  /**
   * Pulls one image, or every tag of a repository when neither tag nor digest is given (as Docker does; its clients
   * send `latest` themselves).
   *
   * @throws {EngineError} in Docker's words; before the first report unless the registry has answered
   */
  async pull(request: PullRequest, report: Report, cancel: AbortSignal): Promise<void> {
    const reference = referenceOf(request);
    const platform = request.platform === '' ? undefined : askedPlatform(request.platform);
    try {
      await this.#pullSomewhere({ reference, platform, credentials: request.credentials ?? ANONYMOUS }, report, cancel);
    } catch (thrown) {
      if (isFullDisk(thrown)) await this.#parts.images.freeSpace();
      cancel.throwIfAborted();
      throw pullFailed(reference, thrown);
    }
    const labels = this.#parts.images.find(reference)?.labels ?? {};
    this.#parts.events.publish({ type: 'image', action: 'pull', actorId: familiarText(reference), attributes: { ...labels, name: familiarName(reference) } });
  }

  /** Tries the mirrors, then the registry itself: TLS first, and plain http where that is allowed. */
  async #pullSomewhere(wanted: Wanted, report: Report, cancel: AbortSignal): Promise<void> {
    const endpoints = await this.#parts.registries.endpoints(wanted.reference.domain);
    for (const [index, endpoint] of endpoints.entries()) {
      const isLast = index === endpoints.length - 1;
      let isConnected = false;
      try {
        const repository = await this.#parts.registries.connect(endpoint, wanted.reference.path, wanted.credentials, cancel);
        isConnected = true;
        await this.#pullFrom(repository, wanted, report, cancel);
        return;
      } catch (thrown) {
        cancel.throwIfAborted();
        // A registry that has answered is believed; a mirror is only a short cut.
        if (isLast || (isConnected && !endpoint.isMirror)) throw thrown;
        this.#parts.log[endpoint.isMirror ? 'warn' : 'debug']('Attempting next endpoint for pull', { endpoint: endpoint.url.href, error: String(thrown) });
      }
    }
  }

  async #pullFrom(repository: Repository, wanted: Wanted, report: Report, cancel: AbortSignal): Promise<void> {
    const { reference, platform } = wanted;
    const isWhole = reference.tag === undefined && reference.digest === undefined;
    const references = isWhole ? (await repository.tags(cancel)).map((tag) => withTag(reference, tag)) : [reference];
    let isNew = false;
    for (const each of references) {
      using lease = this.#parts.leases.take();
      const image = { repository, reference: each, platform: platform ?? { ...HOST_PLATFORM, text: formatPlatform(HOST_PLATFORM) }, lease };
      isNew = (await pullImage({ ...this.#parts, fetcher: this.#fetcher }, image, report, cancel)) || isNew;
    }
    const status = isNew ? 'Downloaded newer image' : 'Image is up to date';
    report({ id: '', status: `Status: ${status} for ${familiarText(reference)}` });
    if (platform && !isWhole) this.#warnOfOtherPlatform(reference, platform, report);
  }

  /** An image that is not an index is taken whatever it was made for; Docker says so afterwards. */
  #warnOfOtherPlatform(reference: Reference, wanted: AskedPlatform, report: Report): void {
    const found = this.#parts.images.find(reference)?.platform;
    if (!found || platformRank(wanted, found) !== undefined) return;
    const [has, asked] = [formatPlatform(found), wanted.text];
    const status = `WARNING: image with reference ${familiarText(reference)} was found but its platform (${has}) does not match the specified platform (${asked})`;
    report({ id: '', status });
  }
}

interface Wanted {
  readonly reference: Reference;
  readonly platform: AskedPlatform | undefined;
  readonly credentials: Credentials;
}

/** Docker shows a variant as it was asked for: `arm64/v8`, though that is what `arm64` means. */
function askedPlatform(text: string): AskedPlatform {
  const platform = parsePlatform(text);
  const variant = text.split('/')[2] ?? '';
  return { ...platform, text: [platform.os, platform.architecture, variant].filter((part) => part !== '').join('/') };
}

function referenceOf({ reference, tag }: PullRequest): Reference {
  const parsed = parseReference(reference);
  if (tag === '') return parsed;
  return isDigest(tag) ? withDigest(repositoryOf(parsed), tag) : withTag(repositoryOf(parsed), tag);
}
