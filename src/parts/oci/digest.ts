import { createHash, timingSafeEqual } from 'node:crypto';
import { EngineError } from '#base/errors.ts';

/** `sha256:` and 64 lower-case hex digits: the only algorithm that is accepted here. */
export type Digest = `sha256:${string}`;

const SHA256 = /^sha256:[0-9a-f]{64}$/;
const ANY = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** @throws {EngineError} `invalid`, in the words of Docker's digest library */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  if (!ANY.test(text)) throw new EngineError('invalid', 'invalid checksum digest format');
  const [algorithm, hex] = text.split(':');
  if (algorithm !== 'sha256') throw new EngineError('invalid', 'unsupported digest algorithm');
  throw new EngineError('invalid', hex?.length === 64 ? 'invalid checksum digest format' : 'invalid checksum digest length');
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The 64 digits alone, as a file name. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function digestOfHex(hex: string): Digest {
  return parseDigest(`sha256:${hex}`);
}

/** @throws {EngineError} `invalid`, naming `what` and both digests, when the bytes are not the ones that were announced */
export function verifyDigest(what: string, expected: Digest, found: Digest): void {
  if (timingSafeEqual(Buffer.from(expected), Buffer.from(found))) return;
  throw new EngineError('invalid', `${what}: the content does not match its digest: expected ${expected}, found ${found}`);
}

/**
 * The name of a stack of layers, from the names of its unpacked layers.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
 * @returns one chain id per layer, lowest first
 */
export function chainIdsOf(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chain.at(-1);
    chain.push(parent ? digestOf(`${parent} ${diffId}`) : diffId);
  }
  return chain;
}
