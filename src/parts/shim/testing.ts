import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cgroupFolders, detectCgroups } from '#parts/host/cgroups.ts';
import { launchShim, type ShimLaunch } from './launch.ts';
import type { Shim } from './shim.ts';

const run = promisify(execFile);
const SOURCE = join(import.meta.dirname, '../../../native/shim');
const APPLETS = ['sh', 'echo', 'cat', 'sleep', 'true', 'yes', 'head', 'seq', 'stty', 'printf', 'kill', 'dd', 'tty', 'wc'];
const HYBRID_CGROUP = '/sys/fs/cgroup/unified';

/** Paths that runtimes must not see on this machine. */
export const hidePaths: readonly string[] = existsSync(HYBRID_CGROUP) ? [HYBRID_CGROUP] : [];

/** What of a launch, or of the specification's cgroup limits, is to differ. */
type BenchChange = Partial<ShimLaunch> & { readonly resources?: object; readonly namespaces?: readonly string[] };

const NAMESPACES: readonly string[] = ['pid', 'network', 'ipc', 'uts', 'mount'];

/** Real containers of a busybox root behind real shims, in a temporary folder; disposing it removes all of it. */
export class ShimBench implements AsyncDisposable {
  readonly folder: string;
  readonly shimPath: string;
  readonly runtime: string;
  readonly #cgroup = `onggi-shim-test-${randomBytes(4).toString('hex')}`;
  #containers = 0;
  readonly #shims: Shim[] = [];

  private constructor(folder: string, runtime: string, binary: string) {
    this.folder = folder;
    this.shimPath = join(folder, binary);
    this.runtime = runtime;
  }

  static async make(runtime: string = 'crun', binary: 'onggi-shim' | 'onggi-shim-sanitized' = 'onggi-shim'): Promise<ShimBench> {
    const bench = new ShimBench(await mkdtemp(join(tmpdir(), 'onggi-shim-')), runtime, binary);
    await run('make', ['-s', '-C', SOURCE, `OUT=${bench.folder}`, bench.shimPath]);
    await mkdir(join(bench.folder, 'rootfs/bin'), { recursive: true });
    for (const name of ['proc', 'sys', 'dev', 'etc', 'tmp']) await mkdir(join(bench.folder, 'rootfs', name));
    await copyFile(busybox(), join(bench.folder, 'rootfs/bin/busybox'));
    for (const applet of APPLETS) await symlink('busybox', join(bench.folder, 'rootfs/bin', applet));
    return bench;
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Starts `args` in a new container; what `change` gives replaces the defaults. */
  async start(args: readonly string[], change: BenchChange = {}): Promise<Shim> {
    return await this.launch(await this.prepare(args, change));
  }

  async launch(launch: ShimLaunch): Promise<Shim> {
    const shim = await launchShim(launch, AbortSignal.timeout(20_000));
    this.#shims.push(shim);
    return shim;
  }

  /** A bundle on disk and the launch that belongs to it. */
  async prepare(args: readonly string[], change: BenchChange = {}): Promise<ShimLaunch> {
    const id = `c${(this.#containers += 1)}`;
    const bundle = this.path(id);
    await mkdir(bundle);
    const { resources, namespaces = NAMESPACES, ...rest } = change;
    const cgroupsPath = `/${this.#cgroup}/${id}`;
    const config = containerSpec({ rootfs: this.path('rootfs'), args, terminal: rest.terminal ?? false, cgroupsPath, resources, namespaces });
    await writeFile(join(bundle, 'config.json'), JSON.stringify(config));
    return {
      shimPath: this.shimPath,
      runtime: { path: this.runtime, root: this.path('runtime'), hidePaths },
      id,
      generation: 1,
      directory: this.path(`${id}-shim`),
      exitFile: this.path(`${id}.exit`),
      kind: { type: 'run', bundle },
      terminal: false,
      stdin: 'closed',
      log: { path: this.path(`${id}.log`), maxBytes: 0, maxFiles: 1, compress: false, attrsJson: null },
      oomFiles: [`/sys/fs/cgroup/memory${cgroupsPath}/memory.oom_control`, `/sys/fs/cgroup${cgroupsPath}/memory.events`],
      attached: false,
      holdDescriptors: [],
      ...rest,
    };
  }

  /** Where that container is in the hierarchies of this machine. */
  cgroupsOf(id: string): readonly string[] {
    return cgroupFolders(detectCgroups(), `/${this.#cgroup}/${id}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const shim of this.#shims) {
      shim.signal(9);
      await shim.cleaned;
      shim[Symbol.dispose]();
    }
    await removeCgroups(this.#cgroup);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function busybox(): string {
  const path = ['/bin/busybox', '/usr/bin/busybox'].find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error('the tests need the package busybox-static');
  return path;
}

async function removeCgroups(name: string): Promise<void> {
  const roots = ['', ...(await readdir('/sys/fs/cgroup').catch(() => []))];
  for (const root of roots) await rmdir(join('/sys/fs/cgroup', root, name)).catch(() => {});
}

interface SpecChoice {
  readonly rootfs: string;
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly cgroupsPath: string;
  readonly resources: object | undefined;
  readonly namespaces: readonly string[];
}

function containerSpec({ rootfs, args, terminal, cgroupsPath, resources, namespaces }: SpecChoice): object {
  const nosuid = ['nosuid', 'noexec'];
  return {
    ociVersion: '1.0.2',
    process: { terminal, user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin', 'TERM=xterm'], cwd: '/' },
    root: { path: rootfs, readonly: true },
    hostname: 'test',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: [...nosuid, 'newinstance', 'ptmxmode=0666', 'mode=0620'] },
    ],
    linux: {
      cgroupsPath,
      resources,
      namespaces: namespaces.map((type) => ({ type })),
    },
  };
}

/** All of a stream's bytes. */
export async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

/** The payloads of one stream out of multiplexed output. */
export function payloadsOf(bytes: Buffer, type: number): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) {
    if (bytes[at] === type) text += bytes.toString('utf8', at + 8, at + 8 + bytes.readUInt32BE(at + 4));
  }
  return text;
}

/** True where the process is there and no zombie. */
export function alive(pid: number): boolean {
  try {
    return !/ Z /.test(execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return false;
  }
}
