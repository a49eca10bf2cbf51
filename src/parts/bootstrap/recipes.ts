import { readFile } from 'node:fs/promises';
import { EngineError } from '#base/errors.ts';
import type { Recipe } from './bootstrap.ts';
import { busyboxRecipe } from './busybox.ts';
import { debianRecipe } from './debian.ts';
import { nginxRecipe } from './nginx.ts';

export interface RecipeRequest {
  /** `debian:bookworm`, `debian:trixie-slim`, `busybox`, `nginx`. */
  readonly image: string;
  readonly include: readonly string[];
  readonly workFolder: string;
}

/** The releases of Debian that a host may itself be; any other host gets the first one. */
const RELEASES = ['bookworm', 'trixie', 'bullseye', 'sid'];

/** @throws {EngineError} `invalid` for an image that cannot be made here */
export async function recipeOf({ image, include, workFolder }: RecipeRequest, cancel: AbortSignal): Promise<Recipe> {
  const [name, tag = '', ...rest] = image.split(':');
  if (rest.length === 0 && name === 'busybox' && (tag === '' || tag === 'latest')) {
    if (include.length > 0) throw new EngineError('invalid', 'busybox has no packages to include');
    return busyboxRecipe(cancel);
  }
  const isDefault = tag === '' || tag === 'latest' || tag === 'slim';
  const suite = isDefault ? (await hostRelease()) + (tag === 'slim' ? '-slim' : '') : tag;
  if (rest.length === 0 && name === 'debian') {
    const recipe = await debianRecipe({ tag: suite, include, workFolder }, cancel);
    return isDefault ? { ...recipe, name: `debian:${tag || 'latest'}` } : recipe;
  }
  if (rest.length === 0 && name === 'nginx' && isDefault) return nginxRecipe({ tag: `${await hostRelease()}-slim`, include, workFolder }, cancel);
  throw new EngineError('invalid', `no recipe for ${JSON.stringify(image)}: there is debian:SUITE (as debian:bookworm, debian:bookworm-slim), nginx and busybox`);
}

async function hostRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1];
  return codename !== undefined && RELEASES.includes(codename) ? codename : (RELEASES[0] ?? '');
}
