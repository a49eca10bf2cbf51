// A real registry (Debian's docker-registry) on loopback, filled by skopeo: what any other client would find there.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempDisposableSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { busyboxTar } from '#parts/bootstrap/busybox.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { eventually, run } from './commands.ts';

const APPLETS = ['sh', 'cat', 'echo', 'ls', 'sleep', 'true', 'false', 'uname', 'env', 'id'];

export class RealRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #folder: Disposable & { readonly path: string };

  private constructor(host: string, child: ChildProcess, folder: Disposable & { readonly path: string }) {
    this.host = host;
    this.#child = child;
    this.#folder = folder;
  }

  /** @param htpasswd lines of an htpasswd file (bcrypt) when the registry is to ask for a login */
  static async start(htpasswd?: string): Promise<RealRegistry> {
    const folder = mkdtempDisposableSync(join(tmpdir(), 'registry-'));
    const host = `127.0.0.1:${await freePort()}`;
    const auth = htpasswd === undefined ? '' : `auth: {htpasswd: {realm: test, path: ${join(folder.path, 'htpasswd')}}}\n`;
    if (htpasswd !== undefined) writeFileSync(join(folder.path, 'htpasswd'), htpasswd);
    const config = `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${join(folder.path, 'data')}}}\nhttp: {addr: "${host}"}\n${auth}`;
    writeFileSync(join(folder.path, 'config.yml'), config);
    const child = spawn('docker-registry', ['serve', join(folder.path, 'config.yml')], { stdio: 'ignore' });
    const registry = new RealRegistry(host, child, folder);
    await eventually('docker-registry to listen', async () => {
      const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
      return answer && [200, 401].includes(answer.status) ? true : undefined;
    });
    return registry;
  }

  /** Copies an image of an OCI layout here (all of it, when it is an index). */
  async fill(layout: string, tag: string, name: string, ...options: readonly string[]): Promise<void> {
    const all = ['--insecure-policy', 'copy', '--dest-tls-verify=false', ...options, `oci:${layout}:${tag}`, `docker://${this.host}/${name}`];
    const { code, stderr } = await run('skopeo', all);
    if (code !== 0) throw new Error(`skopeo ${all.join(' ')}: ${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await closed;
    this.#folder[Symbol.dispose]();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Writes an OCI layout with the tags `one`, `zstd` and `plain` (this machine's image, its layers packed in three ways)
 * and `many` (an index with a foreign one beside it).
 */
export function writeLayout(folder: string): void {
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Buffer): { readonly digest: string; readonly size: number } => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const program = readFileSync('/bin/busybox');
  const imageFor = (architecture: string, pack: '' | '+gzip' | '+zstd' = '+gzip'): object => {
    const tars = [busyboxTar(program, APPLETS, new Date(0)), fileTar('etc/made-for', `${architecture}\n`)];
    const packed = { '': (tar: Buffer): Buffer => tar, '+gzip': gzipSync, '+zstd': zstdCompressSync }[pack];
    const layers = tars.map((tar) => ({ mediaType: `application/vnd.oci.image.layer.v1.tar${pack}`, ...put(packed(tar)) }));
    const diffIds = tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`);
    const config = put(json({ architecture, os: 'linux', config: { Env: ['PATH=/bin:/usr/bin'], Cmd: ['cat', '/etc/made-for'] }, rootfs: { type: 'layers', diff_ids: diffIds } }));
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = json({ schemaVersion: 2, mediaType, config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers });
    return { mediaType, ...put(manifest), platform: { os: 'linux', architecture } };
  };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const own = imageFor(architecture);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = { mediaType, ...put(json({ schemaVersion: 2, mediaType, manifests: [imageFor('s390x'), own] })) };
  const named = (descriptor: object, name: string): object => ({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } });
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const manifests = [named(own, 'one'), named(index, 'many'), named(imageFor(architecture, '+zstd'), 'zstd'), named(imageFor(architecture, ''), 'plain')];
  writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, mediaType, manifests }));
}

function fileTar(path: string, text: string): Buffer {
  const data = Buffer.from(text);
  return Buffer.concat([tarHeader(plainEntry('file', path, { sizeBytes: data.length })), data, Buffer.alloc(paddingOf(data.length)), END_OF_ARCHIVE]);
}
