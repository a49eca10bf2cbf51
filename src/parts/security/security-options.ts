import { EngineError } from '#base/errors.ts';

/** What `--security-opt` asked for; undefined is "not mentioned". */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** A profile's JSON text, `unconfined`, or `builtin`. */
  readonly seccomp: string | undefined;
  /** A profile's name, or `unconfined`. */
  readonly apparmor: string | undefined;
  /** `disable`, `user:U`, `role:R`, `type:T`, `level:L`. */
  readonly labels: readonly string[];
  readonly writableCgroups: boolean;
}

/**
 * Reads the options as Docker does (moby daemon/daemon_unix.go, parseSecurityOpt).
 *
 * @throws {EngineError} `internal`, which is what Docker answers: `invalid --security-opt 2: "x=y"`
 */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  let noNewPrivileges = false;
  let seccomp: string | undefined;
  let apparmor: string | undefined;
  let writableCgroups = false;
  const labels: string[] = [];

  for (const option of options) {
    const [key, value] = keyAndValue(option);
    switch (key) {
      case 'no-new-privileges':
        noNewPrivileges = flag(option, value);
        break;
      case 'writable-cgroups':
        writableCgroups = flag(option, value);
        break;
      case 'disable':
        if (option !== 'disable') throw refused(2, option);
        labels.push('disable');
        break;
      case 'label':
        labels.push(value);
        break;
      case 'apparmor':
        apparmor = value;
        break;
      case 'seccomp':
        seccomp = value === '' ? undefined : value;
        break;
      default:
        throw refused(2, option);
    }
  }
  return { noNewPrivileges, seccomp, apparmor, labels, writableCgroups };
}

const BARE: ReadonlySet<string> = new Set(['no-new-privileges', 'writable-cgroups', 'disable']);

function keyAndValue(option: string): [string, string] {
  if (BARE.has(option)) return [option, 'true'];
  // The colon is the older spelling; a JSON profile has colons too, hence the order.
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  if (at < 0) throw refused(1, option);
  return [option.slice(0, at), option.slice(at + 1)];
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function flag(option: string, value: string): boolean {
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw refused(2, option);
}

function refused(place: 1 | 2, option: string): EngineError {
  return new EngineError('internal', `invalid --security-opt ${place}: "${option}"`);
}
