import { EngineError, isKind, messageOf } from '#base/errors.ts';
import { Authorizer } from './authorizer.ts';
import { ANONYMOUS, type Credentials } from './credentials.ts';
import { endpointsOf, HUB_DOMAIN, type Endpoint } from './endpoints.ts';
import { discard, HttpClient } from './http-client.ts';
import { Repository } from './repository.ts';
import type { RegistrySettings } from './settings.ts';

/** The way to every registry: which addresses a name has, and how to speak there. Disposed with the engine. */
export class Registries implements Disposable {
  readonly #client: HttpClient;
  readonly #settings: RegistrySettings;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
    this.#client = new HttpClient(settings);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  endpoints(domain: string): Promise<readonly Endpoint[]> {
    return endpointsOf(domain, this.#settings);
  }

  /**
   * Opens a repository at one endpoint. A mirror never sees the credentials: they are another host's.
   *
   * @throws {EngineError} `internal` when nothing answers there, in the words of Go's HTTP client
   */
  async connect(endpoint: Endpoint, path: string, credentials: Credentials, cancel: AbortSignal): Promise<Repository> {
    const authorizer = new Authorizer(this.#client, endpoint, endpoint.isMirror ? ANONYMOUS : credentials);
    await authorizer.ping(cancel);
    return new Repository(endpoint, authorizer, path);
  }

  /**
   * Tries credentials at a registry (`docker login`).
   *
   * @param serverAddress a host, a URL, or empty for Docker Hub
   * @returns the refresh token that stands for the password from now on, or empty
   * @throws {EngineError} `unauthorized` or `internal` in Docker's words
   */
  async login(serverAddress: string, credentials: Credentials, cancel: AbortSignal): Promise<{ readonly identityToken: string }> {
    const endpoints = (await this.endpoints(domainOf(serverAddress))).filter(({ isMirror }) => !isMirror);
    let failure: unknown;
    for (const endpoint of endpoints) {
      try {
        return await this.#loginAt(endpoint, credentials, cancel);
      } catch (thrown) {
        cancel.throwIfAborted();
        failure = thrown;
        if (isKind(thrown, 'unauthorized')) break;
      }
    }
    throw failure instanceof EngineError ? failure : new EngineError('internal', messageOf(failure), { cause: failure });
  }

  async #loginAt(endpoint: Endpoint, credentials: Credentials, cancel: AbortSignal): Promise<{ readonly identityToken: string }> {
    const authorizer = new Authorizer(this.#client, endpoint, credentials, true);
    await authorizer.ping(cancel);
    const url = new URL('v2/', endpoint.url);
    const answer = await authorizer.send({ method: 'GET', url }, '', cancel);
    discard(answer);
    if (answer.status === 200) return { identityToken: authorizer.refreshToken };
    throw new EngineError('internal', `login attempt to ${url.href} failed with status: ${answer.status} ${answer.statusText}`);
  }
}

// The key under which Docker's command line keeps the credentials of Docker Hub.
const HUB_ADDRESSES = new Set(['', 'docker.io', 'index.docker.io', 'registry-1.docker.io', 'hub.docker.com']);

function domainOf(serverAddress: string): string {
  const domain = serverAddress.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return HUB_ADDRESSES.has(domain) ? HUB_DOMAIN : domain;
}
