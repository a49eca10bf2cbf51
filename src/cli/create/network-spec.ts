import type { EndpointConfig } from '#protocol/networks.ts';
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '#base/errors.ts';
import { csvFields } from '../flags/csv.ts';
import { FlagValueError } from '../flags/numbers.ts';

/** One `--network`, short (`NAME`) or long (`name=NAME,alias=A,ip=1.2.3.4`). */
export interface NetworkSpec {
  readonly target: string;
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly linkLocalIps: readonly string[];
  readonly macAddress: string;
  readonly gatewayPriority: number;
}

/** The flags that speak of the first network without naming it. */
export interface FirstNetworkFlags {
  readonly 'network-alias': readonly string[];
  readonly link: readonly string[];
  readonly 'link-local-ip': readonly string[];
  readonly 'mac-address': string;
  readonly ip: string;
  readonly ip6: string;
}

const NOTHING: NetworkSpec = { target: '', aliases: [], links: [], driverOpts: {}, ipv4: '', ipv6: '', linkLocalIps: [], macAddress: '', gatewayPriority: 0 };

export function parseNetwork(value: string): NetworkSpec {
  if (!/\w+=\w+/.test(value)) return { ...NOTHING, target: value };
  const spec: { -readonly [K in keyof NetworkSpec]: NetworkSpec[K] } = { ...NOTHING };
  for (const field of csvFields(value.trim())) {
    const equals = field.indexOf('=');
    const key = field.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const text = field.slice(equals + 1).trim();
    if (equals < 1) throw new FlagValueError(`invalid field ${field}`);
    if (key === 'name') spec.target = text;
    else if (key === 'alias') spec.aliases = [...spec.aliases, text];
    else if (key === 'ip') spec.ipv4 = text;
    else if (key === 'ip6') spec.ipv6 = text;
    else if (key === 'mac-address') spec.macAddress = text;
    else if (key === 'link-local-ip') spec.linkLocalIps = [...spec.linkLocalIps, text];
    else if (key === 'driver-opt') spec.driverOpts = { ...spec.driverOpts, ...driverOption(text) };
    else if (key === 'gw-priority') spec.gatewayPriority = priority(text);
    else throw new FlagValueError(`invalid field key ${key}`);
  }
  if (spec.target === '') throw new FlagValueError('network name/id is not specified');
  return spec;
}

/** What `HostConfig.NetworkMode` says: the first network. */
export function networkMode(specs: readonly NetworkSpec[]): string {
  return specs[0]?.target ?? 'default';
}

/** `NetworkingConfig.EndpointsConfig`: one endpoint per network; the flags without a network's name mean the first. */
export function endpoints(specs: readonly NetworkSpec[], flags: FirstNetworkFlags): Record<string, EndpointConfig> {
  const wanted = specs.length === 0 ? [{ ...NOTHING, target: 'default' }] : specs;
  if (wanted.some(({ target }) => isUserDefined(target)) && wanted.some(({ target }) => !isUserDefined(target))) {
    throw new EngineError('invalid', 'conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  const found: Record<string, EndpointConfig> = {};
  for (const [index, spec] of wanted.entries()) {
    const whole = index === 0 ? withFlags(spec, flags) : spec;
    if (whole.target.trim() === '') throw new EngineError('invalid', 'no name set for network');
    if (Object.hasOwn(found, whole.target)) throw new EngineError('invalid', `network ${JSON.stringify(whole.target)} is specified multiple times`);
    found[whole.target] = endpoint(whole);
  }
  // A single network about which nothing is said goes without: the engine makes its endpoint from the mode.
  const [only] = Object.entries(found);
  return specs.length === 1 && only !== undefined && isDeepStrictEqual(only[1], endpoint({ ...NOTHING, target: only[0] })) ? {} : found;
}

function withFlags(spec: NetworkSpec, flags: FirstNetworkFlags): NetworkSpec {
  const pick = <T extends string | readonly string[]>(own: T, flag: T, names: string): T => {
    if (own.length > 0 && flag.length > 0) throw new EngineError('invalid', `conflicting options: cannot specify both ${names}`);
    return flag.length > 0 ? flag : own;
  };
  return {
    ...spec,
    aliases: pick(spec.aliases, flags['network-alias'], '--network-alias and per-network alias'),
    // Elsewhere a link is the old kind, which stands in the host's part alone.
    links: isUserDefined(spec.target) ? flags.link : [],
    ipv4: pick(spec.ipv4, flags.ip, '--ip and per-network IPv4 address'),
    ipv6: pick(spec.ipv6, flags.ip6, '--ip6 and per-network IPv6 address'),
    linkLocalIps: pick(spec.linkLocalIps, flags['link-local-ip'], '--link-local-ip and per-network link-local IP addresses'),
    macAddress: pick(spec.macAddress, flags['mac-address'].trim(), '--mac-address and per-network MAC address'),
  };
}

function endpoint(spec: NetworkSpec): EndpointConfig {
  if (!isUserDefined(spec.target) && spec.aliases.length > 0) {
    throw new EngineError('invalid', 'network-scoped aliases are only supported for user-defined networks');
  }
  const addressed = spec.ipv4 !== '' || spec.ipv6 !== '' || spec.linkLocalIps.length > 0;
  return {
    IPAMConfig: addressed ? ipam(spec) : null,
    Links: spec.links.length === 0 ? null : spec.links,
    Aliases: spec.aliases.length === 0 ? null : spec.aliases,
    MacAddress: spec.macAddress,
    DriverOpts: Object.keys(spec.driverOpts).length === 0 ? null : spec.driverOpts,
    GwPriority: spec.gatewayPriority,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

function ipam(spec: NetworkSpec): NonNullable<EndpointConfig['IPAMConfig']> {
  return {
    ...(spec.ipv4 === '' ? {} : { IPv4Address: spec.ipv4 }),
    ...(spec.ipv6 === '' ? {} : { IPv6Address: spec.ipv6 }),
    ...(spec.linkLocalIps.length === 0 ? {} : { LinkLocalIPs: spec.linkLocalIps }),
  };
}

const BUILT_IN: ReadonlySet<string> = new Set(['default', 'bridge', 'host', 'none', '']);

function isUserDefined(target: string): boolean {
  return !BUILT_IN.has(target) && !target.startsWith('container:');
}

function driverOption(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new FlagValueError('invalid key value pair format in driver options');
  return { [text.slice(0, equals).trim().toLowerCase()]: text.slice(equals + 1).trim() };
}

function priority(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new FlagValueError(`invalid gw-priority: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
