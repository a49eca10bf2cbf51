import { parseDigest, type Digest } from './digest.ts';
import type { JsonFields } from './json-fields.ts';
import type { Platform } from './platform.ts';

/** Names content by digest, length and type (OCI image-spec `descriptor`). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Only in an index; as written there, not normalised. */
  readonly platform: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** Other places to fetch a foreign layer from. */
  readonly urls: readonly string[];
}

/** @throws {EngineError} `invalid` where digest, size or media type are missing or not well-formed */
export function readDescriptor(fields: JsonFields): Descriptor {
  const mediaType = fields.string('mediaType');
  if (mediaType === '') throw fields.invalid('mediaType is missing');
  const sizeBytes = fields.count('size');
  if (sizeBytes === undefined) throw fields.invalid('size is missing');
  const platform = fields.object('platform');
  return {
    mediaType,
    digest: parseDigest(fields.string('digest')),
    sizeBytes,
    platform: platform && {
      os: platform.string('os'),
      architecture: platform.string('architecture'),
      variant: platform.string('variant'),
      osVersion: platform.string('os.version'),
    },
    annotations: fields.stringMap('annotations'),
    urls: fields.strings('urls') ?? [],
  };
}

/** The descriptor as a plain object for a manifest or an index. */
export function descriptorJson(descriptor: Descriptor): Record<string, unknown> {
  const { mediaType, digest, sizeBytes, platform, annotations, urls } = descriptor;
  return {
    mediaType,
    digest,
    size: sizeBytes,
    ...(urls.length > 0 && { urls }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(platform && {
      platform: {
        architecture: platform.architecture,
        os: platform.os,
        ...(platform.osVersion && { 'os.version': platform.osVersion }),
        ...(platform.variant && { variant: platform.variant }),
      },
    }),
  };
}
