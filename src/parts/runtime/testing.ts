import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detectCgroups, removeCgroup } from '#parts/host/cgroups.ts';
import { CAPABILITY_NAMES } from '#parts/security/capabilities.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '#parts/security/protected-paths.ts';
import { ContainerFilters } from '#parts/security/seccomp/container-filters.ts';
import { DEFAULT_PROFILE } from '#parts/security/seccomp/default-profile.ts';
import { writeBundle } from './bundle.ts';
import { runtimeSpec } from './runtime-spec.ts';
import type { Runtime } from './runtimes.ts';
import type { ResourceLimits, SecuritySettings } from './settings.ts';
import type { SpecHost, SpecInput } from './spec-input.ts';

export const NO_LIMITS: ResourceLimits = {
  nanoCpus: 0, cpuShares: 0, cpuPeriodUs: 0, cpuQuotaUs: 0, cpuRealtimePeriodUs: 0, cpuRealtimeRuntimeUs: 0,
  cpusetCpus: '', cpusetMems: '',
  memoryBytes: 0, memorySwapBytes: 0, memoryReservationBytes: 0, kernelMemoryTcpBytes: 0, memorySwappiness: null, oomKillDisable: null,
  pidsLimit: null,
  blkioWeight: 0, blkioWeightDevice: [], blkioReadBps: [], blkioWriteBps: [], blkioReadIops: [], blkioWriteIops: [],
  devices: [], deviceCgroupRules: [], deviceRequests: [], ulimits: [], cgroupParent: '',
};

export const USUAL_SECURITY: SecuritySettings = {
  privileged: false, readonlyRootfs: false, capAdd: [], capDrop: [], securityOpt: [], maskedPaths: null, readonlyPaths: null, usernsMode: '',
};

/** A host like the one on which the values of dockerd were taken, but with every capability. */
export function fakeHost(changes: Partial<SpecHost> = {}): SpecHost {
  return {
    capabilities: CAPABILITY_NAMES,
    filters: new ContainerFilters({ architecture: 'amd64', kernel: [6, 18], engineProfile: DEFAULT_PROFILE, supported: true }),
    apparmorProfile: null,
    maskedPaths: DEFAULT_MASKED_PATHS,
    readonlyPaths: DEFAULT_READONLY_PATHS,
    ulimits: [],
    noNewPrivileges: false,
    ...changes,
  };
}

/** A container like `docker run -d --network none IMAGE sleep 100`. */
export function plainInput(changes: Partial<SpecInput> = {}): SpecInput {
  return {
    containerId: 'c1',
    rootfs: '/rootfs',
    process: { args: ['sleep', '100'], env: ['PATH=/bin'], cwd: '/', tty: false, consoleSize: null, uid: 0, gid: 0, additionalGids: [0] },
    hostname: 'web',
    domainname: '',
    mounts: [],
    shm: { type: 'own', sizeBytes: 64 * 1024 * 1024 },
    limits: NO_LIMITS,
    security: USUAL_SECURITY,
    devices: { nodes: [], rules: [], blockDevices: new Map() },
    oomScoreAdj: 0,
    sysctls: {},
    annotations: {},
    namespaces: { network: 'private', pid: 'private', ipc: 'private', uts: 'private', cgroup: 'host' },
    cgroupPath: '/onggi/c1',
    initPath: null,
    host: fakeHost(),
    ...changes,
  };
}

export interface RealRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A root of busybox alone, in a folder of its own; runs containers on it with a real runtime. */
export class RealRoot implements AsyncDisposable {
  readonly folder: string;
  #runs = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<RealRoot> {
    const folder = await mkdtemp(join(tmpdir(), 'onggi-runtime-'));
    const root = join(folder, 'rootfs');
    for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'sbin']) await mkdir(join(root, name), { recursive: true });
    await cp('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of 'sh cat ls id env touch mount echo grep true sleep stat wc unshare chroot hostname sysctl mknod umount chown ping ps'.split(' ')) {
      await symlink('busybox', join(root, 'bin', applet));
    }
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1009:1010:App:/home/app:/bin/sh\n');
    return new RealRoot(folder);
  }

  get rootfs(): string {
    return join(this.folder, 'rootfs');
  }

  /** Runs a shell script as a container of that input, in mount and network namespaces away from the host's. */
  async run(runtime: Runtime, script: string, changes: Partial<SpecInput> = {}): Promise<RealRun> {
    const id = `onggi-test-${process.pid}-${this.#runs++}`;
    const cgroupPath = `/onggi-test/${id}`;
    const bundle = join(this.folder, id);
    const { process: asked, ...rest } = changes;
    const usual = plainInput();
    const input = plainInput({
      containerId: id,
      rootfs: this.rootfs,
      cgroupPath,
      ...rest,
      process: { ...(asked ?? usual.process), args: ['/bin/sh', '-c', script] },
    });
    writeBundle(bundle, runtimeSpec(input, runtime.features));
    const hide = runtime.hidePaths.map((path) => `umount ${path} && `).join('');
    const call = `${hide}exec "$@"`;
    const args = ['--mount', '--net', '--propagation', 'private', 'sh', '-c', call, 'sh'];
    args.push(runtime.path, ...runtime.args, '--root', join(this.folder, 'state'), 'run', '--bundle', bundle, id);
    const result = await finished('unshare', args);
    removeCgroup(detectCgroups(), cgroupPath);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    removeCgroup(detectCgroups(), '/onggi-test');
    await rm(this.folder, { recursive: true, force: true });
  }
}

function finished(command: string, args: readonly string[]): Promise<RealRun> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 20_000, maxBuffer: 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}
