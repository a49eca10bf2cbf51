import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineError, codeOf, messageOf } from '#base/errors.ts';
import type { LogLevel } from '#base/log.ts';
import { DEFAULT_CONFIG_FILE, DEFAULT_DATA_ROOT, DEFAULT_EXEC_ROOT, DEFAULT_PID_FILE, DEFAULT_SOCKET } from '#base/paths.ts';
import { KNOWN_KEYS, NOT_YET } from './config-keys.ts';

/** How one engine is set up, from its flags and its daemon.json. */
export interface DaemonConfig {
  readonly dataRoot: string;
  readonly execRoot: string;
  /** `unix:///path`. */
  readonly hosts: readonly string[];
  readonly pidFile: string;
  readonly group: string;
  readonly logLevel: LogLevel;
  /** `overlay2` or `vfs`; empty: overlay2 where the file system can. */
  readonly storageDriver: string;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  readonly defaultRuntime: string;
  readonly runtimes: Readonly<Record<string, { readonly path: string; readonly args: readonly string[] }>>;
  readonly initPath: string;
  /** Where containers' cgroups lie below each controller; empty is `/onggi`. */
  readonly cgroupParent: string;
  readonly bridge: string;
  /** Gateway address with prefix length; empty is the default. */
  readonly bip: string;
  readonly mtu: number;
  /** Whether containers on the default bridge may reach one another. */
  readonly interContainer: boolean;
  /** Host address of published ports that name none; empty is all. */
  readonly publishAddress: string;
  readonly ipForward: boolean;
  readonly masquerade: boolean;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly hostGatewayIp: string;
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
  readonly maxConcurrentDownloads: number;
  readonly maxDownloadAttempts: number;
  readonly labels: readonly string[];
  readonly shutdownTimeoutSeconds: number;
}

const FLAGS = {
  'data-root': { type: 'string' },
  'exec-root': { type: 'string' },
  host: { type: 'string', short: 'H', multiple: true },
  'config-file': { type: 'string' },
  'log-level': { type: 'string', short: 'l' },
  pidfile: { type: 'string', short: 'p' },
  group: { type: 'string', short: 'G' },
  debug: { type: 'boolean', short: 'D' },
  validate: { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean' },
} as const;

export const USAGE: string = `Usage:  onggid [OPTIONS]

The engine of Onggi: containers, images, logs and networks behind the Docker Engine API.

Options:
      --config-file string   Daemon configuration file, Docker's keys (default "${DEFAULT_CONFIG_FILE}")
      --data-root string     Where images, containers and volumes are kept (default "${DEFAULT_DATA_ROOT}")
  -D, --debug                Same as --log-level debug
      --exec-root string     Where the state of what runs is kept (default "${DEFAULT_EXEC_ROOT}")
  -G, --group string         Group that owns the unix socket (default "onggi", root where there is none)
      --help                 Print usage
  -H, --host list            Socket to listen on, unix:///path (default "unix://${DEFAULT_SOCKET}")
  -l, --log-level string     "debug", "info", "warn", "error", "fatal" (default "info")
  -p, --pidfile string       File for the process id (default "${DEFAULT_PID_FILE}")
      --validate             Check the configuration and quit
  -v, --version              Print version information and quit
`;

export type Invocation = { readonly action: 'run' | 'validate'; readonly config: DaemonConfig } | { readonly action: 'help' | 'version' };

/** @throws {EngineError} `invalid` with a sentence that names the flag, key or file */
export function readInvocation(argv: readonly string[]): Invocation {
  const flags = parseFlags(argv);
  if (flags.help) return { action: 'help' };
  if (flags.version) return { action: 'version' };
  const file = flags['config-file'] ?? DEFAULT_CONFIG_FILE;
  const keys = readConfigFile(file, flags['config-file'] !== undefined);
  assertNotTwice(keys, flags);
  return { action: flags.validate ? 'validate' : 'run', config: merged(keys, flags) };
}

type Flags = ReturnType<typeof parseFlags>;

function parseFlags(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>["values"] {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (thrown) {
    throw new EngineError('invalid', `${messageOf(thrown)}\nSee 'onggid --help'.`, { cause: thrown });
  }
}

type Keys = Readonly<Record<string, unknown>>;

function readConfigFile(path: string, mustExist: boolean): Keys {
  const refuse = (why: string, cause?: unknown): EngineError =>
    new EngineError('invalid', `unable to configure the Onggi daemon with file ${path}: ${why}`, { cause });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' && !mustExist) return {};
    throw refuse(messageOf(thrown), thrown);
  }
  if (text.trim() === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw refuse(`invalid JSON: ${messageOf(thrown)}`, thrown);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw refuse('invalid JSON: an object is expected');
  const keys = parsed as Keys;
  const unknown = Object.keys(keys).filter((key) => !KNOWN_KEYS.has(key) && !NOT_YET.has(key));
  if (unknown.length > 0) throw refuse(`the following directives don't match any configuration option: ${unknown.join(', ')}`);
  const waiting = Object.keys(keys).filter((key) => NOT_YET.has(key));
  if (waiting.length > 0) throw refuse(`these directives of Docker's are not there yet, take them out: ${waiting.join(', ')}`);
  for (const [key, value] of Object.entries(keys)) {
    const kind = KNOWN_KEYS.get(key);
    if (kind && !kind.fits(value)) throw refuse(`${key} must be ${kind.text}`);
  }
  return keys;
}

/** Docker refuses to guess which one is meant. */
function assertNotTwice(keys: Keys, flags: Flags): void {
  const pairs: readonly (readonly [string, string])[] = [
    ['data-root', 'data-root'], ['exec-root', 'exec-root'], ['hosts', 'host'], ['pidfile', 'pidfile'], ['group', 'group'],
    ['log-level', 'log-level'], ['debug', 'debug'],
  ];
  const given = new Map<string, unknown>(Object.entries(flags));
  const twice = pairs.filter(([key, flag]) => keys[key] !== undefined && given.get(flag) !== undefined).map(([key]) => key);
  if (twice.length === 0) return;
  const list = twice.map((key) => `${key}: (from flag: ${String(given.get(key === 'hosts' ? 'host' : key))}, from file: ${String(keys[key])})`);
  throw new EngineError('invalid', `the following directives are specified both as a flag and in the configuration file: ${list.join(', ')}`);
}

function merged(keys: Keys, flags: Flags): DaemonConfig {
  const text = (key: string, fallback: string): string => (keys[key] as string | undefined) ?? fallback;
  const list = (key: string): readonly string[] => (keys[key] as readonly string[] | undefined) ?? [];
  const number = (key: string, fallback: number): number => (keys[key] as number | undefined) ?? fallback;
  const hosts = flags.host ?? (keys['hosts'] as readonly string[] | undefined) ?? [`unix://${DEFAULT_SOCKET}`];
  const debug = flags.debug ?? keys['debug'] === true;
  const runtimes = (keys['runtimes'] as Record<string, { path?: string; runtimeArgs?: string[] }> | undefined) ?? {};
  return {
    dataRoot: absolute('data-root', flags['data-root'] ?? text('data-root', DEFAULT_DATA_ROOT)),
    execRoot: absolute('exec-root', flags['exec-root'] ?? text('exec-root', DEFAULT_EXEC_ROOT)),
    hosts: hosts.map(checkedHost),
    pidFile: flags.pidfile ?? text('pidfile', DEFAULT_PID_FILE),
    group: flags.group ?? text('group', ''),
    logLevel: debug ? 'debug' : checkedLevel(flags['log-level'] ?? text('log-level', 'info')),
    storageDriver: text('storage-driver', ''),
    logDriver: text('log-driver', 'json-file'),
    logOptions: (keys['log-opts'] as Record<string, string> | undefined) ?? {},
    defaultRuntime: text('default-runtime', ''),
    runtimes: Object.fromEntries(Object.entries(runtimes).map(([name, { path = name, runtimeArgs = [] }]) => [name, { path, args: runtimeArgs }])),
    initPath: text('init-path', ''),
    cgroupParent: text('cgroup-parent', ''),
    bridge: text('bridge', ''),
    bip: text('bip', ''),
    mtu: number('mtu', 0),
    interContainer: keys['icc'] !== false,
    publishAddress: text('ip', ''),
    ipForward: keys['ip-forward'] !== false,
    masquerade: keys['ip-masq'] !== false,
    dns: list('dns'),
    dnsSearch: list('dns-search'),
    dnsOptions: list('dns-opts'),
    hostGatewayIp: text('host-gateway-ip', ''),
    insecureRegistries: list('insecure-registries'),
    registryMirrors: list('registry-mirrors'),
    maxConcurrentDownloads: number('max-concurrent-downloads', 3),
    maxDownloadAttempts: number('max-download-attempts', 5),
    labels: list('labels'),
    shutdownTimeoutSeconds: number('shutdown-timeout', 15),
  };
}

function absolute(flag: string, path: string): string {
  if (!isAbsolute(path)) throw new EngineError('invalid', `--${flag} must be an absolute path: ${path}`);
  return path.replace(/(.)\/+$/, '$1');
}

function checkedHost(host: string): string {
  if (/^unix:\/\/\/./.test(host)) return host;
  if (/^(tcp|fd|ssh|npipe):\/\//.test(host)) {
    throw new EngineError('not-implemented', `${host}: only unix:///path sockets are there yet`);
  }
  throw new EngineError('invalid', `Invalid bind address format: ${host}: use unix:///path`);
}

function checkedLevel(level: string): LogLevel {
  if (level === 'debug' || level === 'info' || level === 'warn' || level === 'error' || level === 'fatal') return level;
  throw new EngineError('invalid', `invalid logging level: ${level}`);
}
