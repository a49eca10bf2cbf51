import { CommandFailure } from './command.ts';

/** The parts of an image's name, in the form that people type. */
export interface ImageName {
  /** Host of the registry: `docker.io` where the name says none. */
  readonly domain: string;
  /** With the registry, as the API is asked: `docker.io/library/nginx`. */
  readonly canonical: string;
  /** Familiar: `nginx`, `team/app`, `localhost:5000/app`. */
  readonly repository: string;
  /** Empty where there is none. */
  readonly tag: string;
  /** `sha256:…`, or empty. */
  readonly digest: string;
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST = '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const NAME = new RegExp(`^((?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*)(?::(\\w[\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`);

/**
 * Reads a reference such as `nginx:1.27` or `registry:5000/team/app@sha256:…`.
 *
 * @throws {CommandFailure} with Docker's words
 */
export function parseImageName(text: string): ImageName {
  const { domain, rest } = splitDomain(text);
  const match = NAME.exec(`${domain}/${rest}`);
  const path = match?.[1]?.slice(domain.length + 1);
  if (match === null || path === undefined || /^[a-f0-9]{64}$/.test(text)) throw new CommandFailure(complaint(rest), 1);
  const familiar = domain === 'docker.io' ? path.replace(/^library\/(?=[^/]+$)/, '') : `${domain}/${path}`;
  return { domain, canonical: `${domain}/${path}`, repository: familiar, tag: match[2] ?? '', digest: match[3] ?? '' };
}

/** The name as people read it, with the tag `latest` where it has neither tag nor digest. */
export function fullName(name: ImageName): string {
  const tag = name.tag === '' && name.digest === '' ? 'latest' : name.tag;
  return `${name.repository}${tag === '' ? '' : `:${tag}`}${name.digest === '' ? '' : `@${name.digest}`}`;
}

/** The first part is a registry where it looks like a host. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  if (slash === -1 || !isHost) return { domain: 'docker.io', rest: text.includes('/') ? text : `library/${text}` };
  const domain = first === 'index.docker.io' ? 'docker.io' : first;
  const rest = text.slice(slash + 1);
  return { domain, rest: domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest };
}

function complaint(rest: string): string {
  const path = /^[^:@]*/.exec(rest)?.[0] ?? '';
  const lower = path.toLowerCase();
  if (lower !== path && NAME.test(`docker.io/${lower}`)) return `invalid reference format: repository name (${path}) must be lowercase`;
  return 'invalid reference format';
}
