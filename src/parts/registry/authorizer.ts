import { EngineError, isKind, messageOf } from '#base/errors.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { basicHeader, type Credentials } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { discard, type HttpAnswer, type HttpClient, type HttpRequest } from './http-client.ts';
import { verb } from './network-errors.ts';
import { fetchToken, type Token } from './token.ts';

type Asked = Pick<HttpRequest, 'method' | 'url'> & { readonly headers?: Readonly<Record<string, string>> };

/** Sends requests to one endpoint with one user's credentials, in the way that the endpoint asks for. */
export class Authorizer {
  readonly #client: HttpClient;
  readonly #endpoint: Endpoint;
  readonly #credentials: Credentials;
  readonly #isLogin: boolean;
  readonly #tokens = new Map<string, Promise<Token>>();
  #challenges: readonly Challenge[] = [];
  #refreshToken = '';

  constructor(client: HttpClient, endpoint: Endpoint, credentials: Credentials, isLogin = false) {
    this.#client = client;
    this.#endpoint = endpoint;
    this.#credentials = credentials;
    this.#isLogin = isLogin;
  }

  /** The refresh token of the last login, or empty. */
  get refreshToken(): string {
    return this.#refreshToken;
  }

  /**
   * Asks `v2/` what the endpoint wants to see.
   *
   * @throws {EngineError} `internal` when nothing answers there; any HTTP answer will do
   */
  async ping(cancel: AbortSignal): Promise<void> {
    const url = new URL('v2/', this.#endpoint.url);
    const answer = await this.#client.send({ method: 'GET', url, headers: {}, isVerified: this.#endpoint.isVerified }, cancel);
    discard(answer);
    if (answer.status === 401) this.#challenges = parseChallenges(answer.headers['www-authenticate']);
  }

  /** Sends with what is known; a 401 that asks for something else is answered once. */
  async send(request: Asked, scope: string, cancel: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#sendOnce(request, scope, cancel);
    const challenges = answer.status === 401 ? parseChallenges(answer.headers['www-authenticate']) : [];
    if (challenges.length === 0 || this.#credentials.registryToken !== '') return answer;
    const hadToken = this.#tokens.delete(scope);
    const isNews = this.#challenges.length === 0 || hadToken;
    if (!isNews) return answer;
    this.#challenges = challenges;
    discard(answer);
    return this.#sendOnce(request, scope, cancel);
  }

  async #sendOnce(request: Asked, scope: string, cancel: AbortSignal): Promise<HttpAnswer> {
    const authorization = await this.#authorization(request, scope, cancel);
    const headers = { ...request.headers, ...(authorization !== '' && { authorization }) };
    return this.#client.send({ ...request, headers, isVerified: this.#endpoint.isVerified }, cancel);
  }

  async #authorization(request: Asked, scope: string, cancel: AbortSignal): Promise<string> {
    const credentials = this.#credentials;
    if (credentials.registryToken !== '') return `Bearer ${credentials.registryToken}`;
    const bearer = this.#challenges.find(({ scheme }) => scheme === 'bearer');
    try {
      if (bearer) return `Bearer ${(await this.#token(bearer, scope, cancel)).value}`;
      if (!this.#challenges.some(({ scheme }) => scheme === 'basic')) return '';
      if (credentials.username === '') throw new EngineError('internal', 'no basic auth credentials');
      return basicHeader(credentials);
    } catch (thrown) {
      cancel.throwIfAborted();
      const kind = isKind(thrown, 'unauthorized') || isKind(thrown, 'unavailable') ? thrown.kind : 'internal';
      throw new EngineError(kind, `${verb(request.method)} "${request.url.href}": ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  async #token(challenge: Challenge, scope: string, cancel: AbortSignal): Promise<Token> {
    const fetching = this.#tokens.get(scope);
    const known = fetching && (await fetching.catch(() => undefined));
    if (known && known.expiresAt > Date.now()) return known;
    const request = { challenge, endpoint: this.#endpoint, credentials: this.#credentials, scope, isLogin: this.#isLogin };
    const fetched = fetchToken(this.#client, request, cancel);
    this.#tokens.set(scope, fetched);
    fetched.catch(() => this.#tokens.delete(scope));
    const token = await fetched;
    this.#refreshToken = token.refreshToken;
    return token;
  }
}
