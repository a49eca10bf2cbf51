import { EngineError } from '#base/errors.ts';
import type { OciRlimit } from './oci-spec.ts';
import type { Ulimit } from './settings.ts';

const NAMES: ReadonlySet<string> = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);
const UNLIMITED = 2n ** 64n - 1n;

/**
 * The limits of a container's first process; the defaults of the engine stand where the container names none.
 *
 * @throws {EngineError} `internal`, which is what Docker answers at start
 */
export function rlimitsOf(ulimits: readonly Ulimit[], defaults: readonly Ulimit[] = []): OciRlimit[] {
  const own = new Set(ulimits.map(({ name }) => name));
  return [...ulimits, ...defaults.filter(({ name }) => !own.has(name))].map(rlimitOf);
}

function rlimitOf({ name, soft, hard }: Ulimit): OciRlimit {
  const type = `RLIMIT_${name.toUpperCase()}`;
  if (!NAMES.has(name.toLowerCase())) throw new EngineError('internal', `wrong rlimit value: ${type}`);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw new EngineError('internal', `ulimit soft limit must be less than or equal to hard limit: ${name}: ${soft} > ${hard}`);
  }
  return { type, soft: numberOf(soft), hard: numberOf(hard) };
}

function numberOf(limit: number): bigint {
  return limit === -1 ? UNLIMITED : BigInt(Math.trunc(limit));
}
