import { EngineError } from '#base/errors.ts';

/** Every Linux capability in the kernel's order: the index is the bit (linux/capability.h). */
export const CAPABILITY_NAMES: readonly string[] = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** What a container gets unless told otherwise, in the order in which Docker writes them. */
export const DEFAULT_CAPABILITIES: readonly string[] = `
  CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

const KNOWN: ReadonlySet<string> = new Set(CAPABILITY_NAMES);
const ALL = 'ALL';

/** The part of the security settings that decides on capabilities. */
export interface CapabilityWishes {
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
}

/**
 * The capabilities that a container runs with: the default set, less what is dropped, plus what is added; an added one
 * wins over a dropped one. `ALL` stands for what this host can give.
 *
 * @param available what the engine's own bounding set holds (`readCapabilities`)
 * @throws {EngineError} `invalid`: `invalid CapAdd: unknown capability: "CAP_X"`
 */
export function capabilitiesOf(wishes: CapabilityWishes, available: readonly string[]): string[] {
  const added = normalized('CapAdd', wishes.capAdd, available);
  const dropped = normalized('CapDrop', wishes.capDrop, available);
  if (wishes.privileged) return [...available];
  if (added.includes(ALL)) return available.filter((name) => !dropped.includes(name));
  const kept = dropped.includes(ALL) ? [] : DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name) && available.includes(name));
  return [...new Set([...kept, ...added])];
}

/** Docker's checks at create, without computing the set. */
export function checkCapabilities(wishes: CapabilityWishes, available: readonly string[]): void {
  capabilitiesOf(wishes, available);
}

function normalized(field: string, names: readonly string[], available: readonly string[]): string[] {
  return names.map((given) => {
    const upper = given.toUpperCase();
    if (upper === ALL) return ALL;
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!KNOWN.has(name)) throw new EngineError('invalid', `invalid ${field}: unknown capability: "${name}"`);
    if (!available.includes(name)) {
      throw new EngineError('invalid', `invalid ${field}: capability not supported by your kernel or not available in the current environment: "${name}"`);
    }
    return name;
  });
}

/** The names in a mask as `/proc/PID/status` writes it: `000001fffeffffff`. */
export function capabilitiesInMask(hex: string): string[] {
  const mask = BigInt(`0x${hex}`);
  return CAPABILITY_NAMES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** What this process may hand on: its bounding set, out of the text of `/proc/self/status`. */
export function boundingCapabilities(procStatus: string): string[] {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(procStatus)?.[1];
  return hex === undefined ? [] : capabilitiesInMask(hex);
}
