import { EngineError } from '#base/errors.ts';

/** What an image was made for, in Go's words. Empty strings where nothing is said. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  readonly osVersion: string;
}

const KNOWN_OS = new Set(['aix', 'android', 'darwin', 'dragonfly', 'freebsd', 'hurd', 'illumos', 'ios', 'js', 'linux', 'nacl', 'netbsd', 'openbsd', 'plan9', 'solaris', 'windows', 'zos']);
const KNOWN_ARCHITECTURES = new Set([
  '386', 'amd64', 'amd64p32', 'arm', 'armbe', 'arm64', 'arm64be', 'loong64', 'mips', 'mips64', 'mips64le', 'mips64p32', 'mips64p32le', 'mipsle',
  'ppc', 'ppc64', 'ppc64le', 'riscv', 'riscv64', 's390', 's390x', 'sparc', 'sparc64', 'wasm',
]);
const COMPONENT = /^[A-Za-z0-9_.-]+$/;
const OS_COMPONENT = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?$/;
const GO_NAME: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** This machine's own. */
export const HOST_PLATFORM: Platform = normalizePlatform({
  os: process.platform,
  architecture: GO_NAME[process.arch] ?? process.arch,
  variant: '',
  osVersion: '',
});

/**
 * Reads `linux/arm64/v8`, `arm64`, `linux`, `linux/x86_64`. What is left out is the machine's own.
 *
 * @throws {EngineError} `invalid` in containerd's words, which Docker passes on
 */
export function parsePlatform(text: string): Platform {
  const quoted = JSON.stringify(text);
  if (text.includes('*')) throw new EngineError('invalid', `${quoted}: wildcards not yet supported: invalid argument`);
  const parts = text.split('/');
  const [first = '', second, variant = ''] = parts;
  const os = OS_COMPONENT.exec(first);
  const odd = parts.find((part, index) => !(index === 0 ? OS_COMPONENT : COMPONENT).test(part));
  if (odd !== undefined || !os || parts.length > 3) {
    if (odd === undefined) throw new EngineError('invalid', `${quoted}: cannot parse platform specifier: invalid argument`);
    const wanted = JSON.stringify((odd === first ? OS_COMPONENT : COMPONENT).source);
    throw new EngineError('invalid', `${JSON.stringify(odd)} is an invalid component of ${quoted}: platform specifier component must match ${wanted}: invalid argument`);
  }
  const osVersion = os[2] ?? '';
  const name = os[1] ?? '';
  if (second !== undefined) return normalizePlatform({ os: name, architecture: second, variant, osVersion });
  const asOs = normalizePlatform({ os: name, architecture: HOST_PLATFORM.architecture, variant: HOST_PLATFORM.variant, osVersion });
  if (KNOWN_OS.has(asOs.os)) return asOs;
  const asArchitecture = normalizePlatform({ os: HOST_PLATFORM.os, architecture: name, variant: '', osVersion: '' });
  if (KNOWN_ARCHITECTURES.has(asArchitecture.architecture)) return asArchitecture;
  throw new EngineError('invalid', `${quoted}: unknown operating system or architecture: invalid argument`);
}

/** One spelling per platform: `x86_64` is `amd64`, `aarch64` and `arm64/v8` are `arm64`, `arm` is `arm/v7`. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const architecture = platform.architecture.toLowerCase();
  const variant = platform.variant.toLowerCase();
  const rest = { os: os === 'macos' ? 'darwin' : os, osVersion: platform.osVersion };
  switch (architecture) {
    case 'i386':
      return { ...rest, architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { ...rest, architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64':
    case 'arm64':
      return { ...rest, architecture: 'arm64', variant: variant === '8' || variant === 'v8' ? '' : variant };
    case 'armhf':
      return { ...rest, architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { ...rest, architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { ...rest, architecture: 'arm', variant: /^[5678]$/.test(variant) ? `v${variant}` : variant || 'v7' };
    default:
      return { ...rest, architecture, variant };
  }
}

/** `linux/arm/v7`; parts that are empty are left out. */
export function formatPlatform(platform: Platform): string {
  return [platform.os || 'unknown', platform.architecture, platform.variant].filter((part) => part !== '').join('/');
}

/** What runs where `wanted` is asked for, best first: an arm/v7 machine also runs v6 and v5, an amd64 one also 386. */
function acceptable(wanted: Platform): readonly Platform[] {
  const { architecture, variant } = wanted;
  const also = (name: string, variants: readonly string[]): Platform[] => variants.map((each) => ({ ...wanted, architecture: name, variant: each }));
  const arm = (from: number): string[] => ['v8', 'v7', 'v6', 'v5'].filter((each) => Number(each.slice(1)) <= from);
  if (architecture === 'amd64') {
    const level = Number(/^v([1-9])$/.exec(variant)?.[1] ?? 1);
    const levels = Array.from({ length: level }, (_, index) => (index === level - 1 ? '' : `v${level - index}`));
    return [...also('amd64', levels), ...also('386', [''])];
  }
  if (architecture === 'arm') return also('arm', arm(Number(variant.slice(1))));
  if (architecture === 'arm64') return [wanted, ...also('arm64', variant ? [''] : []), ...also('arm', arm(8))];
  return [wanted];
}

/** How well `found` serves a machine that wants `wanted`: 0 is best; undefined where it does not run there. */
export function platformRank(wanted: Platform, found: Platform): number | undefined {
  const there = normalizePlatform(found);
  const rank = acceptable(normalizePlatform(wanted)).findIndex(
    (each) => each.os === there.os && each.architecture === there.architecture && each.variant === there.variant,
  );
  return rank < 0 ? undefined : rank;
}

/** The candidate that serves `wanted` best, the first among equals; undefined where none does. */
export function choosePlatform<T extends { readonly platform: Platform | undefined }>(wanted: Platform, candidates: readonly T[]): T | undefined {
  let best: { rank: number; candidate: T } | undefined;
  for (const candidate of candidates) {
    const rank = candidate.platform && platformRank(wanted, candidate.platform);
    if (rank !== undefined && (!best || rank < best.rank)) best = { rank, candidate };
  }
  return best?.candidate;
}
