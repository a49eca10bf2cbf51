import { EngineError } from '#base/errors.ts';
import { parseDigest, type Digest } from './digest.ts';

/**
 * The name of an image in a registry, whole: `nginx` is `docker.io`, `library/nginx`.
 *
 * @see https://github.com/distribution/reference (grammar and normalisation)
 */
export interface Reference {
  /** `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** `library/nginx`. */
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

export const DEFAULT_DOMAIN = 'docker.io';
export const DEFAULT_TAG = 'latest';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';

const ALNUM = '[a-z0-9]+';
const PATH_COMPONENT = `${ALNUM}(?:(?:[._]|__|-+)${ALNUM})*`;
const PATH = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const TAG = '[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const WHOLE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const TAG_ALONE = new RegExp(`^${TAG}$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;

const MAX_PATH = 255;
// Longer than any name, tag and digest together: what is above is not worth a regular expression.
const MAX_TEXT = 1024;

/**
 * Reads a reference as a user writes it.
 *
 * @throws {EngineError} `invalid` in Docker's words
 */
export function parseReference(text: string): Reference {
  if (IDENTIFIER.test(text)) {
    throw new EngineError('invalid', `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, remainder } = splitDomain(text);
  const separator = remainder.indexOf(':');
  const remote = separator < 0 ? remainder : remainder.slice(0, separator);
  if (remote !== remote.toLowerCase()) {
    throw new EngineError('invalid', `invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const match = text.length > MAX_TEXT ? null : WHOLE.exec(`${domain}/${remainder}`);
  if (!match) throw new EngineError('invalid', 'invalid reference format');
  const [, host = '', path = '', tag, digest] = match;
  if (path.length > MAX_PATH) throw new EngineError('invalid', `repository name must not be more than ${MAX_PATH} characters`);
  return { domain: host, path, tag, digest: digest === undefined ? undefined : parseDigest(digest) };
}

function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = isDomain && first !== LEGACY_DOMAIN ? first : DEFAULT_DOMAIN;
  const remainder = isDomain ? text.slice(slash + 1) : text;
  return { domain, remainder: domain === DEFAULT_DOMAIN && !remainder.includes('/') ? OFFICIAL + remainder : remainder };
}

/** @throws {EngineError} `invalid`: `invalid tag format` */
export function withTag(reference: Reference, tag: string): Reference {
  if (!TAG_ALONE.test(tag)) throw new EngineError('invalid', 'invalid tag format');
  return { ...reference, tag };
}

export function withDigest(reference: Reference, digest: Digest): Reference {
  return { ...reference, digest };
}

/** Without tag and digest. */
export function repositoryOf(reference: Reference): Reference {
  return { ...reference, tag: undefined, digest: undefined };
}

/** `latest` where neither tag nor digest is given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference;
}

/** `docker.io/library/nginx`. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `nginx`, `user/app`, `localhost:5000/app`: as Docker shows it. */
export function familiarName(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  const official = path.startsWith(OFFICIAL) && !path.slice(OFFICIAL.length).includes('/');
  return official ? path.slice(OFFICIAL.length) : path;
}

/** `docker.io/library/nginx:1.27@sha256:…`. */
export function canonicalText(reference: Reference): string {
  return canonicalName(reference) + suffixOf(reference);
}

/** `nginx:1.27@sha256:…`. */
export function familiarText(reference: Reference): string {
  return familiarName(reference) + suffixOf(reference);
}

function suffixOf({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
