import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import { plainEntry, tarHeader } from '#parts/tar/writer.ts';
import { KEYRING, type AptSources } from './apt-sources.ts';
import { requireTool, toolEnvironment } from './run-tool.ts';

export interface RootRequest {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly sources: AptSources;
  /** Without manuals, documents and translations, as Debian's own slim images. */
  readonly isSlim: boolean;
  /** The time that everything new bears. */
  readonly at: Date;
  /** Where the root is built; needs about twice the size of the image. Not on a `nodev` or `noexec` mount. */
  readonly workFolder: string;
}

/** Kept out of a slim root, as debuerreotype's slim images do. */
const SLIM_RULES = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
];
// mmdebstrap leaves its options in the image, where apt is to behave as people know it.
const FORGET_RECOMMENDS = 'f="$1/etc/apt/apt.conf.d/99mmdebstrap"; if [ -f "$f" ]; then sed -i /Install-Recommends/d "$f"; [ -s "$f" ] || rm "$f"; fi';
// What mmdebstrap takes from the host, though every container gets its own.
const FORGET_HOST = 'rm -f "$1/etc/hostname" "$1/etc/resolv.conf" "$1/var/log/apt/"* "$1/var/log/dpkg.log" "$1/var/log/alternatives.log"';
const KEPT_LINES = 20;
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--propagation', 'private'];

/**
 * Builds a Debian root and gives it out as a tar, while it is packed. mmdebstrap runs in mount and process namespaces
 * of its own, so that neither a failure nor a kill of this engine leaves a mount or a process behind.
 *
 * @throws {EngineError} `unavailable` where mmdebstrap or Debian's keys are missing; the tar's own error where it fails later
 */
export async function debianRoot(request: RootRequest, say: (line: string) => void, cancel: AbortSignal): Promise<DebianRoot> {
  const setpriv = await requireTool('setpriv', 'util-linux');
  const unshare = await requireTool('unshare', 'util-linux');
  const mmdebstrap = await requireTool('mmdebstrap', 'mmdebstrap');
  const before = ['--pdeathsig', 'KILL', '--', unshare, ...NAMESPACES, '--', mmdebstrap];
  const folder = await mkdtemp(join(request.workFolder, 'bootstrap-'));
  const child = spawn(setpriv, [...before, ...mmdebstrapArguments(request)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // mmdebstrap changes the working directory for its hooks; a folder that everyone may enter is the safe one.
    cwd: '/',
    env: { ...toolEnvironment(), ...aptProxy(request), TMPDIR: folder, SOURCE_DATE_EPOCH: String(Math.floor(request.at.getTime() / 1000)) },
  });
  return new DebianRoot({ child, folder, at: request.at }, say, cancel);
}

/** One run of mmdebstrap. Disposing it ends the run and removes what it built. */
export class DebianRoot implements AsyncDisposable {
  /** Ends with an error in mmdebstrap's own last words where it fails, with the reason of the cancel where it was ended. */
  readonly tar: Readable;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #at: Date;
  readonly #said: string[] = [];
  readonly #ended: Promise<unknown>;

  constructor(run: { readonly child: ChildProcess; readonly folder: string; readonly at: Date }, say: (line: string) => void, cancel: AbortSignal) {
    const { child, folder, at } = run;
    this.#child = child;
    this.#folder = folder;
    this.#at = at;
    this.#ended = once(child, 'close').catch(() => undefined);
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error('mmdebstrap was started without pipes');
    this.tar = Readable.from(this.#packed(stdout, cancel), { objectMode: false });
    cancel.addEventListener('abort', this.#kill, { once: true });
    void this.#ended.then(() => cancel.removeEventListener('abort', this.#kill));
    if (cancel.aborted) this.#kill();
    createInterface({ input: stderr, crlfDelay: Infinity }).on('line', (line) => {
      this.#said.push(line);
      if (this.#said.length > KEPT_LINES) this.#said.shift();
      const step = /^I: (?!using|automatically|done|removing|success|chroot|finding|running --|skipping|main\(\))(.*)$/.exec(line)?.[1];
      if (step !== undefined) say(step.slice(0, 1).toUpperCase() + step.slice(1));
    });
  }

  async *#packed(stdout: Readable, cancel: AbortSignal): AsyncGenerator<Buffer> {
    // Its devices are the runtime's to make; the place for them is needed, and mmdebstrap leaves that out as well.
    yield tarHeader(plainEntry('directory', './dev/', { modified: { seconds: Math.floor(this.#at.getTime() / 1000), nanoseconds: 0 } }));
    yield* stdout as AsyncIterable<Buffer>;
    await this.#ended;
    cancel.throwIfAborted();
    if (this.#child.exitCode === 0) return;
    const errors = this.#said.filter((line) => /^E: (?!mmdebstrap|apt-get|setup failed|Some index files)/.test(line)).map((line) => line.slice(3));
    throw new EngineError('internal', `mmdebstrap failed: ${(errors.length > 0 ? errors : this.#said).slice(-5).join('; ') || 'without a word'}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#kill();
    this.tar.destroy();
    this.#child.stdout?.resume();
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  // setpriv becomes unshare, whose death takes the first process of the namespace, and so all of them, along.
  readonly #kill = (): void => void this.#child.kill('SIGKILL');
}

function mmdebstrapArguments({ suite, packages, sources, isSlim }: RootRequest): string[] {
  return [
    '--mode=root',
    '--format=tar',
    '--variant=minbase',
    '--skip=output/dev',
    `--keyring=${KEYRING}`,
    ...(packages.length > 0 ? [`--include=${packages.join(',')}`] : []),
    ...['APT::Install-Recommends "false"', ...sources.options].map((option) => `--aptopt=${option}`),
    // As Debian's images for Docker: a half-installed package in a container is thrown away, not repaired.
    '--dpkgopt=force-unsafe-io',
    ...(isSlim ? SLIM_RULES.map((rule) => `--dpkgopt=${rule}`) : []),
    `--customize-hook=${FORGET_RECOMMENDS}`,
    `--customize-hook=${FORGET_HOST}`,
    suite,
    '-',
    ...sources.lines,
  ];
}

function aptProxy({ sources }: RootRequest): Record<string, string> {
  return sources.proxy === '' || process.env['http_proxy'] ? {} : { http_proxy: sources.proxy };
}
