// Images made by hand, byte by byte, so that each may be as odd or as broken as a test wants it.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { digestOf, hexOf } from '#parts/oci/digest.ts';
import { makeTar, type TestEntry } from '#parts/tar/testing.ts';

export const OWN_ARCHITECTURE: string = process.arch === 'x64' ? 'amd64' : process.arch;

export interface HandMadeLayer {
  readonly tar: Buffer;
  /** What is sent instead of the gzipped tar. */
  readonly packed?: Buffer;
  /** What the image says the packed layer's digest is. */
  readonly digest?: string;
  /** What the image says the unpacked layer's digest is. */
  readonly diffId?: string;
}

export interface HandMadeImage {
  readonly name: string;
  readonly layers: readonly HandMadeLayer[];
  readonly architecture?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The parts of an image as a registry has them. */
export interface ImageParts {
  readonly config: Buffer;
  readonly manifest: Buffer;
  /** By the digest that the manifest says, whatever their own is. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export function imageParts({ layers, architecture = OWN_ARCHITECTURE, config = {} }: HandMadeImage): ImageParts {
  const packed = layers.map((layer) => ({ ...layer, bytes: layer.packed ?? gzipSync(layer.tar) }));
  const named = packed.map(({ bytes, digest = digestOf(bytes) }) => [digest, bytes] as const);
  const rootfs = { type: 'layers', diff_ids: layers.map(({ tar, diffId = digestOf(tar) }) => diffId) };
  const configBytes = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...config }, rootfs }));
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(configBytes), size: configBytes.length },
    layers: named.map(([digest, bytes]) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length })),
  }));
  return { config: configBytes, manifest, blobs: new Map<string, Buffer>([...named, [digestOf(configBytes), configBytes]]) };
}

/** An archive for `docker load`: an OCI layout with a name in its index, as `docker save` writes it since version 25. */
export function ociArchive(image: HandMadeImage): Buffer {
  const { manifest, blobs } = imageParts(image);
  const entry = { mediaType: MANIFEST_TYPE, digest: digestOf(manifest), size: manifest.length, annotations: { 'io.containerd.image.name': image.name, 'org.opencontainers.image.ref.name': image.name.split(':').at(-1) } };
  return makeTar([
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', data: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) },
    ...[...blobs, [digestOf(manifest), manifest] as const].map(([digest, data]) => ({ name: `blobs/sha256/${digest.slice('sha256:'.length)}`, data })),
  ]);
}

/** An archive for `docker load` as Docker wrote it before version 25: plain layers, a `manifest.json`. */
export function oldArchive(image: HandMadeImage): Buffer {
  const { config } = imageParts(image);
  const name = `${hexOf(digestOf(config))}.json`;
  const layers = image.layers.map(({ tar, packed }) => ({ name: `${hexOf(digestOf(tar))}/layer.tar`, data: packed ?? tar }));
  const list = [{ Config: name, RepoTags: [image.name], Layers: layers.map((layer) => layer.name) }];
  return makeTar([...layers, { name, data: config }, { name: 'manifest.json', data: JSON.stringify(list) }]);
}

/** A layer with this machine's static busybox as the programs named. */
export function busyboxLayer(applets: readonly string[], more: readonly TestEntry[] = []): HandMadeLayer {
  return layerOf([
    { name: 'bin/', type: 'directory' },
    { name: 'bin/busybox', data: readFileSync('/bin/busybox'), mode: 0o755 },
    ...applets.map((applet): TestEntry => ({ name: `bin/${applet}`, type: 'link', linkPath: 'bin/busybox', mode: 0o755 })),
    ...more,
  ]);
}

export function layerOf(entries: readonly TestEntry[]): HandMadeLayer {
  return { tar: makeTar(entries) };
}
