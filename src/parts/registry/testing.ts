import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** How the fake asks for credentials. `bearer` serves its own token endpoint at `/token`. */
export type FakeAuth = { readonly kind: 'none' } | { readonly kind: 'basic' | 'bearer'; readonly username: string; readonly password: string };

/** Takes a request away from the registry: true once it has answered (or means never to). */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** `sha256:…` of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A registry in this process on loopback, whose answers a test can bend. */
export class FakeRegistry implements AsyncDisposable {
  readonly host: string;
  readonly requests: SeenRequest[] = [];
  readonly blobs: Map<string, Uint8Array> = new Map();
  readonly manifests: Map<string, { readonly mediaType: string; readonly body: Uint8Array }> = new Map();
  fault: Fault | undefined;
  auth: FakeAuth = { kind: 'none' };
  /** Seconds that a token lives, as its answer says. */
  tokenLifeSeconds = 300;
  readonly #tokens = new Set<string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(port = 0): Promise<FakeRegistry> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const registry = new FakeRegistry(server);
    server.on('request', (request, response) => registry.#serve(request, response));
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  addBlob(bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return digest;
  }

  /** Puts a manifest under a tag and under its digest, which it returns. */
  addManifest(repository: string, tag: string, mediaType: string, content: unknown): string {
    const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    const digest = digestOf(body);
    for (const reference of [tag, digest]) this.manifests.set(`${repository}@${reference}`, { mediaType, body });
    return digest;
  }

  /** All tokens given out so far are refused from now on. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.requests.push({ method: request.method ?? '', path, headers: request.headers });
    request.resume();
    if (this.fault?.(request, response)) return;
    if (path.startsWith('/token')) return this.#answerToken(request, response);
    if (!this.#isAllowed(request)) return this.#challenge(path, response);
    const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(path);
    const blob = /^\/v2\/(.+)\/blobs\/([^/]+)$/.exec(path);
    if (path === '/v2/') response.end('{}');
    else if (manifest) this.#answerManifest(request, response, `${manifest[1]}@${manifest[2]}`);
    else if (blob) this.#answerBlob(request, response, blob[2] ?? '');
    else if (path.includes('/tags/list')) this.#answerTags(response, path.slice(4, path.indexOf('/tags/list')));
    else refuse(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
  }

  #isAllowed(request: IncomingMessage): boolean {
    const header = request.headers.authorization ?? '';
    if (this.auth.kind === 'none') return true;
    if (this.auth.kind === 'bearer') return header.startsWith('Bearer ') && this.#tokens.has(header.slice(7));
    return header === basic(this.auth);
  }

  #challenge(path: string, response: ServerResponse): void {
    const name = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(path)?.[1];
    const scope = name ? `,scope="repository:${name}:pull"` : '';
    const bearer = `Bearer realm="http://${this.host}/token",service="fake"${scope}`;
    response.setHeader('www-authenticate', this.auth.kind === 'bearer' ? bearer : 'Basic realm="fake"');
    refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  #answerToken(request: IncomingMessage, response: ServerResponse): void {
    const header = request.headers.authorization;
    if (this.auth.kind !== 'none' && header !== undefined && header !== basic(this.auth)) {
      return refuse(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
    }
    const token = randomBytes(8).toString('hex');
    if (header !== undefined) this.#tokens.add(token);
    response.end(JSON.stringify({ token, expires_in: this.tokenLifeSeconds, refresh_token: 'refresh-me' }));
  }

  #answerManifest(request: IncomingMessage, response: ServerResponse, key: string): void {
    const found = this.manifests.get(key);
    if (!found) return refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    response.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.body.length, 'docker-content-digest': digestOf(found.body) });
    response.end(request.method === 'HEAD' ? undefined : found.body);
  }

  #answerBlob(request: IncomingMessage, response: ServerResponse, digest: string): void {
    const bytes = this.blobs.get(digest);
    if (!bytes) return refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from, ...range });
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from));
  }

  #answerTags(response: ServerResponse, name: string): void {
    const keys = [...this.manifests.keys()].filter((key) => key.startsWith(`${name}@`) && !key.includes('sha256:'));
    if (keys.length === 0) return refuse(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
    response.end(JSON.stringify({ name, tags: keys.map((key) => key.slice(name.length + 1)) }));
  }
}

/** An error answer as the distribution specification shapes it. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

function basic(auth: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}
