import { EngineError } from '#base/errors.ts';
import type { Challenge } from './challenge.ts';
import { basicHeader, type Credentials } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { readBody, type HttpAnswer, type HttpClient } from './http-client.ts';
import { refusalOf } from './registry-error.ts';

/** A bearer token and how long it may be used. */
export interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Given when it was asked for (`isLogin`): stands for the password from then on. */
  readonly refreshToken: string;
}

export interface TokenRequest {
  readonly challenge: Challenge;
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  /** `repository:library/nginx:pull`; empty to ask for nothing but a proof of who one is. */
  readonly scope: string;
  readonly isLogin: boolean;
}

const CLIENT_ID = 'onggi';
const LIMIT_BYTES = 1024 * 1024;
// Answers without a life, or with a shorter one, count as this long (distribution's token specification).
const LEAST_LIFE_SECONDS = 60;
// A token is not used for the last moments of its life: it must still be good when it arrives.
const MARGIN_MS = 10_000;

/**
 * Asks the token service that a challenge names.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @throws {EngineError} `unauthorized` when it refuses the credentials
 */
export async function fetchToken(client: HttpClient, request: TokenRequest, cancel: AbortSignal): Promise<Token> {
  const realm = realmOf(request);
  const answer = request.credentials.identityToken === '' ? await getToken(client, realm, request, cancel) : await refresh(client, realm, request, cancel);
  if (answer.status < 200 || answer.status >= 300) throw await refusalOf(answer, cancel);
  return readToken(await readBody(answer, LIMIT_BYTES, cancel));
}

function realmOf({ challenge, endpoint, credentials }: TokenRequest): URL {
  const text = challenge.parameters.get('realm') ?? '';
  const realm = URL.parse(text);
  if (!realm || !/^https?:$/.test(realm.protocol)) throw new EngineError('internal', `no realm for a token: ${JSON.stringify(text)}`);
  const isPlain = realm.protocol === 'http:' && endpoint.url.protocol === 'https:' && endpoint.isVerified;
  if (isPlain && (credentials.username !== '' || credentials.identityToken !== '')) {
    throw new EngineError('internal', `${endpoint.url.host} asks to send the credentials over plain http to ${realm.host}: refused`);
  }
  return realm;
}

async function getToken(client: HttpClient, realm: URL, request: TokenRequest, cancel: AbortSignal): Promise<HttpAnswer> {
  const { challenge, credentials, scope, isLogin } = request;
  const url = new URL(realm);
  const service = challenge.parameters.get('service');
  if (service) url.searchParams.set('service', service);
  if (scope !== '') url.searchParams.append('scope', scope);
  if (credentials.username !== '') url.searchParams.set('account', credentials.username);
  if (isLogin) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT_ID);
  }
  const headers: Record<string, string> = credentials.username === '' ? {} : { authorization: basicHeader(credentials) };
  return client.send({ method: 'GET', url, headers, isVerified: request.endpoint.isVerified }, cancel);
}

async function refresh(client: HttpClient, url: URL, request: TokenRequest, cancel: AbortSignal): Promise<HttpAnswer> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: request.credentials.identityToken,
    service: request.challenge.parameters.get('service') ?? '',
    client_id: CLIENT_ID,
    ...(request.scope !== '' && { scope: request.scope }),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(form.toString())) };
  return client.send({ method: 'POST', url, headers, body: form.toString(), isVerified: request.endpoint.isVerified }, cancel);
}

function readToken(body: Buffer): Token {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch (thrown) {
    throw new EngineError('internal', 'unable to decode token response', { cause: thrown });
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Readonly<Record<string, unknown>>;
  const value = [fields['token'], fields['access_token']].find((each) => typeof each === 'string' && each !== '');
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw new EngineError('internal', 'authorization server did not include a token in the response');
  const lifeSeconds = typeof fields['expires_in'] === 'number' ? Math.max(fields['expires_in'], LEAST_LIFE_SECONDS) : LEAST_LIFE_SECONDS;
  const refreshToken = typeof fields['refresh_token'] === 'string' ? fields['refresh_token'] : '';
  return { value, expiresAt: Date.now() + lifeSeconds * 1000 - MARGIN_MS, refreshToken };
}
