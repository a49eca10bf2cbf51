import type { ThrottleDevice, UlimitConfig, WeightDevice } from '#protocol/host-config.ts';
import { FlagValueError } from '../flags/numbers.ts';
import { parseBinarySize } from '../format/units.ts';

const ULIMITS: ReadonlySet<string> = new Set([
  'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack',
]);

/** `--ulimit nofile=1024[:2048]`: soft and hard; -1 is no limit. */
export function parseUlimit(value: string): UlimitConfig {
  const [name, limits] = halves(value, '=');
  if (limits === undefined) throw new FlagValueError(`invalid ulimit argument: ${value}`);
  if (!ULIMITS.has(name)) throw new FlagValueError(`invalid ulimit type: ${name}`);
  const [softText = '', hardText, more] = limits.split(':');
  if (more !== undefined) throw new FlagValueError(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  const Soft = limit(softText);
  const Hard = hardText === undefined ? Soft : limit(hardText);
  const tooHigh = Hard !== -1 && (Soft === -1 ? hardText !== undefined : Soft > Hard);
  if (tooHigh) throw new FlagValueError(Soft === -1 ? `ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${Hard}` : `ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
  return { Name: name, Hard, Soft };
}

/** `--device-read-iops /dev/sda:100`. */
export function parseThrottle(value: string): ThrottleDevice {
  const { path, rest } = device(value);
  if (!/^[0-9]+$/.test(rest)) {
    throw new FlagValueError(`invalid rate for device: ${value}. The correct format is <device-path>:<number>. Number must be a positive integer`);
  }
  return { Path: path, Rate: Number(rest) };
}

/** `--device-write-bps /dev/sda:1mb`. */
export function parseThrottleBytes(value: string): ThrottleDevice {
  const { path, rest } = device(value);
  try {
    return { Path: path, Rate: parseBinarySize(rest) };
  } catch {
    throw new FlagValueError(`invalid rate for device: ${value}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`);
  }
}

/** `--blkio-weight-device /dev/sda:300`. */
export function parseWeight(value: string): WeightDevice {
  const { path, rest } = device(value);
  const weight = /^[0-9]+$/.test(rest) ? Number(rest) : Number.NaN;
  if (weight !== 0 && !(weight >= 10 && weight <= 1000)) throw new FlagValueError(`invalid weight for device: ${value}`);
  return { Path: path, Weight: weight };
}

function device(value: string): { path: string; rest: string } {
  const [path, rest] = halves(value, ':');
  if (rest === undefined || path === '') throw new FlagValueError(`bad format: ${value}`);
  if (!path.startsWith('/dev/')) throw new FlagValueError(`bad format for device path: ${value}`);
  return { path, rest };
}

function limit(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new FlagValueError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function halves(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
