import { EngineError } from '#base/errors.ts';
import { compileFilter } from './compile-filter.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { expandProfile } from './expand.ts';
import { loadProfile } from './load-profile.ts';
import type { OciSeccomp } from './oci-seccomp.ts';
import type { SeccompProfile } from './profile.ts';

export interface FilterHost {
  /** Go's word: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: readonly [major: number, minor: number];
  /** The engine's own profile, for containers that name none; null is `unconfined`. */
  readonly engineProfile: SeccompProfile | null;
  /** Whether the kernel can filter at all. */
  readonly supported: boolean;
}

export interface FilterWish {
  /** Of `--security-opt seccomp=`: a profile's JSON, `unconfined`, `builtin`; undefined: not given. */
  readonly asked: string | undefined;
  readonly privileged: boolean;
  readonly capabilities: readonly string[];
}

export interface ContainerFilter {
  readonly rules: OciSeccomp;
  /** `struct sock_filter[]` in base64; undefined where the runtime has to compile the rules. */
  readonly compiled: string | undefined;
}

/** Containers are mostly alike: so many different filters are kept. */
const MOST_KEPT = 64;

/** Finds the filter of a container (moby daemon/seccomp_linux.go), and compiles each kind once. */
export class ContainerFilters {
  readonly #host: FilterHost;
  readonly #known = new Map<string, ContainerFilter>();

  constructor(host: FilterHost) {
    this.#host = host;
  }

  /**
   * undefined: this container is not filtered.
   *
   * @throws {EngineError} `internal` for a profile that cannot be read
   */
  of(wish: FilterWish): ContainerFilter | undefined {
    const key = JSON.stringify([wish.asked ?? null, wish.privileged, wish.capabilities]);
    const known = this.#known.get(key);
    if (known) return known;
    const profile = this.#profileOf(wish);
    const { architecture, kernel } = this.#host;
    const rules = profile && expandProfile(profile, { capabilities: wish.capabilities, architecture, kernel });
    if (!rules) return undefined;
    const bytes = compileFilter(rules, architecture);
    const filter = { rules, compiled: bytes && Buffer.from(bytes).toString('base64') };
    if (this.#known.size >= MOST_KEPT) this.#known.clear();
    this.#known.set(key, filter);
    return filter;
  }

  #profileOf({ asked, privileged }: FilterWish): SeccompProfile | undefined {
    const { supported, engineProfile } = this.#host;
    if (asked === 'unconfined') return undefined;
    if (!supported) {
      if (asked === undefined || asked === 'builtin') return undefined;
      throw new EngineError('internal', 'seccomp is not enabled in your kernel, cannot run a custom seccomp profile');
    }
    if (asked !== undefined && asked !== 'builtin') return loadProfile(asked);
    if (privileged) return undefined;
    return asked === 'builtin' ? DEFAULT_PROFILE : (engineProfile ?? undefined);
  }
}
