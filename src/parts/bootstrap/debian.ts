import { access } from 'node:fs/promises';
import { EngineError } from '#base/errors.ts';
import { aptSources, KEYRING } from './apt-sources.ts';
import { PATH_ENV, type Recipe, type RecipeLayer } from './bootstrap.ts';
import { debianRoot } from './mmdebstrap.ts';

export interface DebianRequest {
  /** `bookworm`, `trixie-slim`. */
  readonly tag: string;
  /** Debian packages beside the minimal set. */
  readonly include: readonly string[];
  readonly workFolder: string;
}

const DAY_MS = 24 * 3600 * 1000;
const SUITE = /^[a-z][a-z0-9-]{0,63}$/;
// Debian policy 5.6.7, with an architecture or version that apt understands left out on purpose.
const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,127}$/;
const MAX_PACKAGES = 200;

/**
 * A Debian base image from the package archive: `minbase` and what is included.
 *
 * @throws {EngineError} `invalid` for a suite or package whose name cannot be one
 */
export async function debianRecipe({ tag, include, workFolder }: DebianRequest, cancel: AbortSignal): Promise<Recipe> {
  const isSlim = tag.endsWith('-slim');
  const suite = isSlim ? tag.slice(0, -'-slim'.length) : tag;
  if (!SUITE.test(suite)) throw new EngineError('invalid', `invalid Debian suite: ${JSON.stringify(suite)}`);
  const packages = [...new Set(include)].toSorted();
  const odd = packages.find((name) => !PACKAGE.test(name));
  if (odd !== undefined) throw new EngineError('invalid', `invalid package name: ${JSON.stringify(odd)}`);
  if (packages.length > MAX_PACKAGES) throw new EngineError('invalid', `more than ${MAX_PACKAGES} packages to include`);
  const sources = await aptSources(suite, cancel);
  // The day alone: a second build on the same day, from the same packages, gives the same bytes.
  const createdAt = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  return {
    name: `debian:${tag}`,
    key: ['debian', tag, ...packages, ...sources.lines, ...sources.options].join('\n'),
    config: { env: [PATH_ENV], cmd: ['bash'] },
    createdAt,
    async *layers(say, cancelled): AsyncGenerator<RecipeLayer> {
      await requireKeys();
      say(`Building Debian ${suite} from ${sources.lines[0]?.split(' ')[2] ?? "Debian's own archive"}`);
      await using root = await debianRoot({ suite, packages, sources, isSlim, at: createdAt, workFolder }, say, cancelled);
      yield { createdBy: `onggi bootstrap debian:${tag}${packages.length > 0 ? ` --include ${packages.join(',')}` : ''}`, tar: root.tar };
    },
  };
}

async function requireKeys(): Promise<void> {
  try {
    await access(KEYRING);
  } catch (thrown) {
    throw new EngineError('unavailable', `${KEYRING} is missing: install it with "apt-get install debian-archive-keyring"`, { cause: thrown });
  }
}
