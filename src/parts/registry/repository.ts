import { EngineError } from '#base/errors.ts';
import { digestOf, isDigest, type Digest } from '#parts/oci/digest.ts';
import { MAX_DOCUMENT_BYTES } from '#parts/oci/json-fields.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '#parts/oci/media-types.ts';
import type { Authorizer } from './authorizer.ts';
import type { Endpoint } from './endpoints.ts';
import { discard, readBody, type HttpAnswer } from './http-client.ts';
import { refusalOf, RegistryError } from './registry-error.ts';

/** A manifest or index exactly as the registry sent it; its digest is computed from the bytes. */
export interface ManifestAnswer {
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** `Content-Type` without parameters. */
  readonly mediaType: string;
}

/** A blob on its way. Read `body` to its end or destroy it. */
export interface BlobAnswer {
  readonly body: NodeJS.ReadableStream & AsyncIterable<Buffer> & { destroy(): void };
  /** Where `body` begins: the offset that was asked for, or 0 when the registry does not know ranges. */
  readonly offset: number;
}

// Schema 1 last: it is asked for only so that its refusal can name it.
const ACCEPT = [
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_MANIFEST,
  OCI_INDEX,
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/json',
].join(', ');
const TAGS_LIMIT_BYTES = 16 * 1024 * 1024;
const MAX_TAG_PAGES = 1000;

/** One repository at one endpoint, read with one user's credentials (OCI distribution-spec 1.1, pull). */
export class Repository {
  readonly endpoint: Endpoint;
  readonly #authorizer: Authorizer;
  readonly #path: string;

  constructor(endpoint: Endpoint, authorizer: Authorizer, path: string) {
    this.endpoint = endpoint;
    this.#authorizer = authorizer;
    this.#path = path;
  }

  /**
   * The digest that a tag stands for now, without fetching the manifest (Docker Hub counts fetches); undefined where
   * the registry does not tell it so. Says nothing about why: `getManifest` does.
   */
  async resolve(tag: string, cancel: AbortSignal): Promise<Digest | undefined> {
    const answer = await this.#send('HEAD', `manifests/${tag}`, cancel, { accept: ACCEPT });
    discard(answer);
    const digest = String(answer.headers['docker-content-digest'] ?? '');
    return answer.status === 200 && isDigest(digest) ? digest : undefined;
  }

  /**
   * @param reference a tag or a digest
   * @throws {RegistryError} `not-found` with code MANIFEST_UNKNOWN, and whatever else the registry says
   */
  async getManifest(reference: string, cancel: AbortSignal): Promise<ManifestAnswer> {
    const answer = await this.#send('GET', `manifests/${reference}`, cancel, { accept: ACCEPT });
    if (answer.status !== 200) throw await refusalOf(answer, cancel);
    const bytes = await readBody(answer, MAX_DOCUMENT_BYTES, cancel);
    const digest = digestOf(bytes);
    if (isDigest(reference) && digest !== reference) throw new EngineError('internal', `manifest verification failed for digest ${reference}`);
    return { bytes, digest, mediaType: (answer.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '' };
  }

  /**
   * Opens a blob, from `offset` on where the registry can. The content is not checked here.
   *
   * @throws {RegistryError} `not-found` when the registry lacks it: `unknown blob`
   */
  async openBlob(digest: Digest, offset: number, cancel: AbortSignal): Promise<BlobAnswer> {
    const range: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const answer = await this.#send('GET', `blobs/${digest}`, cancel, range);
    if (answer.status === 200) return { body: answer.body, offset: 0 };
    if (answer.status === 206 && startsAt(answer) === offset) return { body: answer.body, offset };
    if (offset > 0 && (answer.status === 416 || answer.status === 206)) {
      discard(answer);
      return this.openBlob(digest, 0, cancel);
    }
    if (answer.status === 404) {
      discard(answer);
      throw new RegistryError({ code: 'BLOB_UNKNOWN', status: 404, message: 'unknown blob', retryAfterMs: undefined });
    }
    throw await refusalOf(answer, cancel);
  }

  /** All tags, in the registry's order. */
  async tags(cancel: AbortSignal): Promise<readonly string[]> {
    const tags: string[] = [];
    let url = this.#url('tags/list');
    for (let page = 0; page < MAX_TAG_PAGES; page += 1) {
      const answer = await this.#authorizer.send({ method: 'GET', url }, this.#scope(), cancel);
      if (answer.status !== 200) throw await refusalOf(answer, cancel);
      tags.push(...readTags(await readBody(answer, TAGS_LIMIT_BYTES, cancel)));
      const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(String(answer.headers['link'] ?? ''))?.[1];
      const target = next === undefined ? null : URL.parse(next, url);
      if (!target || target.origin !== url.origin) break;
      url = target;
    }
    return tags;
  }

  #send(method: 'GET' | 'HEAD', rest: string, cancel: AbortSignal, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    return this.#authorizer.send({ method, url: this.#url(rest), headers }, this.#scope(), cancel);
  }

  #url(rest: string): URL {
    return new URL(`v2/${this.#path}/${rest}`, this.endpoint.url);
  }

  #scope(): string {
    return `repository:${this.#path}:pull`;
  }
}

function startsAt(answer: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? NaN);
}

function readTags(body: Buffer): readonly string[] {
  try {
    const tags: unknown = (JSON.parse(body.toString()) as { tags?: unknown } | null)?.tags ?? [];
    if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === 'string');
  } catch {
    // Told below.
  }
  throw new EngineError('internal', 'the list of tags is not JSON as the distribution specification has it');
}
