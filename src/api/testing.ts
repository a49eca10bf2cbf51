import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { silentLog } from '#base/log.ts';
import type { AttachSession } from '#engine/containers/containers.ts';
import type { ContainerDetails } from '#engine/containers/container.ts';
import { type ApiParts, createApi } from './create-api.ts';
import { decodeCreateBody } from './shapes/container-body.ts';
import { containerSpec } from './shapes/container-create.ts';

/** A stand-in with just the methods that a test gives; any other call fails the test by name. */
export function fake<T extends object>(methods: Partial<T>): T {
  return new Proxy(methods, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (found !== undefined || typeof name === 'symbol') return found;
      return () => {
        throw new Error(`the fake was not told what ${name} does`);
      };
    },
  }) as T;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON. */
  json<T = unknown>(): T;
}

export interface TestApi extends AsyncDisposable {
  readonly path: string;
  ask(method: string, url: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** A bare connection; `head` is sent at once. */
  connect(head: string | Buffer): Promise<Socket>;
}

/** An API over fakes on a real unix socket. */
export async function testApi(parts: Partial<ApiParts>): Promise<TestApi> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'onggi-api-'));
  const path = join(folder.path, 'api.sock');
  const bootstrap = (): never => {
    throw new Error('the fake was not told what bootstrap does');
  };
  const commit = (): never => {
    throw new Error('the fake was not told what commit does');
  };
  const names = ['containers', 'files', 'execs', 'images', 'networks', 'volumes', 'events', 'system', 'metrics'] as const;
  const fakes = Object.fromEntries(names.map((name) => [name, fake({})])) as unknown as Omit<ApiParts, 'bootstrap' | 'commit' | 'log'>;
  const server = createApi({ ...fakes, bootstrap, commit, log: silentLog, ...parts });
  await server.listen({ path });
  return {
    path,
    ask: (method, url, body, headers = {}) => ask(path, { method, url, body, headers }),
    async connect(head) {
      const socket = connect({ path, allowHalfOpen: true });
      await once(socket, 'connect');
      socket.write(head);
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder.remove();
    },
  };
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask(socketPath: string, { method, url, body, headers }: Asked): Promise<Reply> {
  const isBytes = Buffer.isBuffer(body) || typeof body === 'string';
  const payload = body === undefined || isBytes ? body : JSON.stringify(body);
  const type = body === undefined || headers['Content-Type'] !== undefined ? {} : { 'Content-Type': 'application/json' };
  const length = payload === undefined ? {} : { 'Content-Length': Buffer.byteLength(payload) };
  const sent = httpRequest({ socketPath, method, path: url, agent: false, headers: { ...type, ...length, ...headers } });
  sent.end(payload);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const bytes = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: bytes,
    text: bytes.toString(),
    json: <T>() => JSON.parse(bytes.toString()) as T,
  };
}

/** All that comes until the other side ends; hangs up then. */
export async function readAll(socket: Socket): Promise<string> {
  const bytes = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>));
  socket.destroy();
  return bytes.toString('latin1');
}

export interface FakeSession {
  readonly session: AttachSession;
  /** What the process writes. */
  readonly output: PassThrough;
  /** What the process reads. */
  readonly input: PassThrough;
  readonly disposed: Promise<void>;
}

export function fakeSession(tty = false): FakeSession {
  const [output, input] = [new PassThrough(), new PassThrough()];
  const disposal = Promise.withResolvers<void>();
  const session: AttachSession = {
    tty,
    output,
    input,
    [Symbol.asyncDispose]() {
      disposal.resolve();
      return Promise.resolve();
    },
  };
  return { session, output, input, disposed: disposal.promise };
}

/** A container as the engine would show it, made from the body of a create request. */
export function containerDetails(body: object, more: Partial<ContainerDetails> = {}): ContainerDetails {
  const spec = containerSpec(decodeCreateBody({ Image: 'busybox', Cmd: ['sleep', '1000'], ...body }));
  const id = more.id ?? '06590bb47db8c532849f9df0bf54eed601083521c791789a8541443eb9b5605d';
  const [path = '', ...args] = [...(spec.process.entrypoint ?? []), ...(spec.process.cmd ?? [])];
  return {
    id,
    name: 'plain',
    imageId: 'sha256:a4879ce1d3b288c1ce76d9b157f05d88d7c9f7e23844c37ead81af286eccabaf',
    createdAt: new Date('2026-11-22T06:00:42.782Z'),
    spec: { ...spec, process: { ...spec.process, hostname: spec.process.hostname || id.slice(0, 12) } },
    state: { status: 'created', exit: null },
    runtime: {
      path, args, platform: 'linux', restartCount: 0, stoppedByUser: false, mounts: [], endpoints: {}, ports: {}, sandboxId: '', sandboxPath: '',
    },
    health: null,
    execIds: [],
    logPath: '',
    resolvConfPath: '',
    hostnamePath: '',
    hostsPath: '',
    snapshot: { driver: 'overlay', facts: {} },
    sizes: null,
    ...more,
  };
}
