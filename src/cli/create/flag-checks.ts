import { isIP } from 'node:net';
import { FlagValueError } from '../flags/numbers.ts';

/** `--attach`: the three streams, in any case. */
export function checkAttach(value: string): string {
  const stream = value.toLowerCase();
  if (stream === 'stdin' || stream === 'stdout' || stream === 'stderr') return stream;
  throw new FlagValueError('valid streams are STDIN, STDOUT and STDERR');
}

/** `--device-cgroup-rule`: `c 1:3 mr`. */
export function checkDeviceRule(value: string): string {
  if (!/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value)) throw new FlagValueError(`invalid device cgroup format '${value}'`);
  return value;
}

/** `--env`: a variable without a value is taken from this process, or left as it is where it has none. */
export function checkEnv(value: string): string {
  if (value === '' || value.startsWith('=')) throw new FlagValueError(`invalid environment variable: ${value}`);
  const here = value.includes('=') ? undefined : process.env[value];
  return here === undefined ? value : `${value}=${here}`;
}

/** `--add-host`: `name:address` or `name=address`; the address may be `host-gateway`. */
export function checkExtraHost(value: string): string {
  const equals = value.indexOf('=');
  const at = equals === -1 ? value.indexOf(':') : equals;
  const name = value.slice(0, Math.max(at, 0));
  const address = value.slice(at + 1);
  if (at === -1 || name === '') throw new FlagValueError(`bad format for add-host: "${value}"`);
  if (address === 'host-gateway') return `${name}:${address}`;
  const bare = address.length > 2 && address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
  if (isIP(bare) === 0) throw new FlagValueError(`invalid IP address in add-host: "${address}"`);
  return `${name}:${bare}`;
}

export function checkIp(value: string): string {
  const address = value.trim();
  if (isIP(address) === 0) throw new FlagValueError(`IP address is not correctly formatted: ${value}`);
  return address;
}

export function checkLabel(value: string): string {
  const key = (value.split('=', 1)[0] ?? '').replace(/^[ \t\n\v\f\r]+/, '');
  if (key === '') throw new FlagValueError(`invalid label '${value}': empty name`);
  if (/[ \t\n\v\f\r]/.test(key)) throw new FlagValueError(`label '${key}' contains whitespaces`);
  return value;
}

/** `--link`: `container` or `container:alias`. */
export function checkLink(value: string): string {
  if (value === '') throw new FlagValueError('empty string specified for links');
  if (value.split(':').length > 2) throw new FlagValueError(`bad format for links: ${value}`);
  return value;
}

const LABEL = '[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(${LABEL}(\\.${LABEL})*)\\.?\\s*$`);

/** `--dns-search`: a domain, or `.` for none. */
export function checkSearchDomain(value: string): string {
  const domain = value.trim();
  if (domain === '.') return domain;
  const match = DOMAIN.exec(domain);
  if (!/[a-zA-Z]/.test(domain) || match === null || (match[1] ?? '').length >= 255) throw new FlagValueError(`${domain} is not a valid domain`);
  return match[1] ?? domain;
}

const SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced',
]);

/** `--sysctl`: only what belongs to a namespace. */
export function checkSysctl(value: string): string {
  const equals = value.indexOf('=');
  const name = value.slice(0, Math.max(equals, 0));
  if (SYSCTLS.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.')) return value;
  throw new FlagValueError(`sysctl '${value}' is not allowed`);
}
