import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '#base/errors.ts';
import type { CgroupLayout } from '#parts/host/cgroups.ts';
import { SealedPrograms } from '#parts/host/sealed-programs.ts';
import { findExecutable } from './executables.ts';
import type { RuntimeFeatures } from './spec-input.ts';

/** An entry of `runtimes` in daemon.json. */
export interface RuntimeSetting {
  readonly path: string;
  readonly args: readonly string[];
}

/** An OCI runtime as the shim is to call it. */
export interface Runtime {
  readonly name: string;
  readonly path: string;
  /** Before the verb. */
  readonly args: readonly string[];
  /** `crun version 1.8.1`; empty where it did not say. */
  readonly version: string;
  readonly features: RuntimeFeatures;
  /** crun or runc, called without arguments of its own: how it begins and what it leaves behind is known. */
  readonly plain: boolean;
  /** Mounts to take out of its sight, in a mount namespace of the shim's. */
  readonly hidePaths: readonly string[];
}

/** Docker's names for "the default one". */
const ALIASES: ReadonlySet<string> = new Set(['', 'io.containerd.runc.v2']);
/** crun first: its start takes a third of runc's time. */
const BUILT_IN: readonly string[] = ['crun', 'runc'];
const ANSWER_MS = 5000;

/** The runtimes of this host: crun and runc where they are installed, and what daemon.json names. */
export class Runtimes implements Disposable {
  readonly #programs = new SealedPrograms();
  readonly #byName: ReadonlyMap<string, Runtime>;
  readonly #defaultName: string;
  /** Paths by name of those that are configured and not there. */
  readonly #missing: ReadonlyMap<string, string>;

  constructor(runtimes: readonly Runtime[], defaultName: string, missing: ReadonlyMap<string, string> = new Map()) {
    this.#byName = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
    this.#defaultName = defaultName;
    this.#missing = missing;
  }

  /**
   * Asks each runtime for its version, once.
   *
   * @param defaultName `default-runtime` of daemon.json; empty: crun, else runc
   * @throws {EngineError} `invalid` for a default that is not among them; one whose program is not there fails when it is used
   */
  static async find(settings: Readonly<Record<string, RuntimeSetting>>, defaultName: string, layout: CgroupLayout): Promise<Runtimes> {
    const wanted = new Map<string, RuntimeSetting>(BUILT_IN.map((name) => [name, { path: name, args: [] }]));
    for (const [name, setting] of Object.entries(settings)) wanted.set(name, setting);
    if (defaultName !== '' && !wanted.has(defaultName)) {
      throw new EngineError('invalid', `specified default runtime '${defaultName}' does not exist: add it to "runtimes" in daemon.json, or take "default-runtime" out`);
    }
    const found = await Promise.all([...wanted].map(([name, setting]) => inspect(name, setting, layout)));
    const runtimes = found.filter((runtime) => runtime !== undefined);
    const first = BUILT_IN.find((name) => runtimes.some((runtime) => runtime.name === name)) ?? runtimes[0]?.name ?? '';
    const missing = [...wanted].filter(([name]) => !runtimes.some((runtime) => runtime.name === name));
    return new Runtimes(runtimes, defaultName === '' ? first : defaultName, new Map(missing.map(([name, { path }]) => [name, path])));
  }

  /** Its program as a copy that cannot be written, where it takes that for its own; good until the next call. */
  sealedCopyOf({ plain, path }: Runtime): number | undefined {
    return plain ? this.#programs.find(path) : undefined;
  }

  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
  }

  /** Empty where no runtime is installed. */
  get defaultName(): string {
    return this.#defaultName;
  }

  list(): readonly Runtime[] {
    return [...this.#byName.values()];
  }

  /**
   * @param name empty for the default one
   * @throws {EngineError} `invalid`: `unknown or invalid runtime name: X`, with the path of one that is not there
   */
  get(name: string): Runtime {
    const wanted = ALIASES.has(name) ? this.#defaultName : name;
    const runtime = this.#byName.get(wanted);
    if (runtime) return runtime;
    if (wanted === '') throw new EngineError('internal', 'no OCI runtime is installed: install the package "crun" or "runc"');
    const path = this.#missing.get(wanted);
    const why = path === undefined ? '' : `: its program ${path} is not there, or cannot be executed: install it, or correct "runtimes" in daemon.json and restart the engine`;
    throw new EngineError('invalid', `unknown or invalid runtime name: ${wanted}${why}`);
  }
}

async function inspect(name: string, setting: RuntimeSetting, layout: CgroupLayout): Promise<Runtime | undefined> {
  const path = await findExecutable(setting.path);
  if (path === undefined) return undefined;
  const version = await versionOf(path);
  return {
    name,
    path,
    args: setting.args,
    version,
    features: featuresOf(version),
    plain: setting.args.length === 0 && BUILT_IN.some((known) => basename(path) === known && version.startsWith(`${known} version `)),
    // crun takes a v2 hierarchy beside v1 for a v2 host, and finds no controllers in it; runc makes cgroups there that
    // nothing needs.
    hidePaths: layout.hybrid && layout.unified !== undefined ? [layout.unified] : [],
  };
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: ANSWER_MS, maxBuffer: 64 * 1024 });
    return stdout.split('\n')[0]?.trim() ?? '';
  } catch {
    return ''; // it may still be a good runtime: its features are then taken for few
  }
}

/** By version: crun 1.8 and runc 1.1 were tried, older ones may lack more than these. */
function featuresOf(version: string): RuntimeFeatures {
  return {
    compiledSeccomp: isCrun(version) && isAtLeast(version, 1, 0),
    recursiveReadOnly: (isCrun(version) && isAtLeast(version, 1, 4)) || (version.startsWith('runc ') && isAtLeast(version, 1, 1)),
  };
}

function isCrun(version: string): boolean {
  return version.startsWith('crun ');
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const match = /(\d+)\.(\d+)/.exec(version);
  if (!match) return false;
  const [has, hasMinor] = [Number(match[1]), Number(match[2])];
  return has > major || (has === major && hasMinor >= minor);
}
