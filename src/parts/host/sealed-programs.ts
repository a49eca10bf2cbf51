import { closeSync, existsSync, readFileSync, statSync, writeSync } from 'node:fs';
import { libc } from './libc.ts';
import { assertNoNul } from './syscall.ts';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** Against sealing, shrinking, growing, writing: all there were before Linux 5.1, and what runtimes look for. */
const SEALS = 1 | 2 | 4 | 8;
const ELF = Buffer.from('\x7fELF');

const memfdCreate = libc.func('int memfd_create(str name, uint flags)') as (name: string, flags: number) => number;
const fcntl = libc.func('int fcntl(int fd, int command, int argument)') as (descriptor: number, command: number, argument: number) => number;

interface Copy {
  readonly descriptor: number | undefined;
  /** Changes when the file does. */
  readonly version: string;
}

/**
 * Programs copied into memory and sealed, so that nobody can write to them any more, to be run by descriptor. crun and
 * runc make such a copy of themselves at each call, and begin again from it, lest a container write to their file
 * (CVE-2019-5736); started from one they do not. One copy serves all, and is made anew when the file changes.
 *
 * @see https://man7.org/linux/man-pages/man2/memfd_create.2.html
 */
export class SealedPrograms implements Disposable {
  readonly #copies = new Map<string, Copy>();

  /** A descriptor, closed on exec, that stays ours and is good until the next call; undefined where there can be none. */
  find(path: string): number | undefined {
    const version = versionOf(path);
    const known = this.#copies.get(path);
    if (known?.version === version) return known.descriptor;
    if (known?.descriptor !== undefined) closeSync(known.descriptor);
    const descriptor = version === '' || hasSelinux() ? undefined : sealedCopy(path);
    this.#copies.set(path, { descriptor, version });
    return descriptor;
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.#copies.values()) if (descriptor !== undefined) closeSync(descriptor);
    this.#copies.clear();
  }
}

function versionOf(path: string): string {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  return facts ? `${facts.dev} ${facts.ino} ${facts.size} ${facts.mtimeNs} ${facts.ctimeNs}` : '';
}

/** There a program's label decides what it may do, and a copy in memory has another. */
function hasSelinux(): boolean {
  return existsSync('/sys/fs/selinux/enforce');
}

/** undefined for a script, and where the kernel does not let files in memory be run. */
function sealedCopy(path: string): number | undefined {
  assertNoNul(path);
  const program = readFileSync(path);
  if (!program.subarray(0, ELF.length).equals(ELF)) return undefined;
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const allowed = memfdCreate('onggi-runtime', flags | MFD_EXEC);
  const descriptor = allowed >= 0 ? allowed : memfdCreate('onggi-runtime', flags); // before Linux 6.3 there is no MFD_EXEC
  if (descriptor < 0) return undefined;
  for (let written = 0; written < program.length; ) written += writeSync(descriptor, program, written);
  if (fcntl(descriptor, F_ADD_SEALS, SEALS) === 0) return descriptor;
  closeSync(descriptor);
  return undefined;
}
