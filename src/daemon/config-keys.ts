interface Kind {
  readonly text: string;
  readonly fits: (value: unknown) => boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Kind = { text: 'a string', fits: isText };
const flag: Kind = { text: 'true or false', fits: (value) => typeof value === 'boolean' };
const count: Kind = { text: 'a whole number that is not negative', fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0 };
const texts: Kind = { text: 'a list of strings', fits: (value) => Array.isArray(value) && value.every(isText) };
const textMap: Kind = { text: 'an object of strings', fits: (value) => isMap(value) && Object.values(value).every(isText) };
const runtimeMap: Kind = {
  text: 'an object of runtimes, each with a "path" and perhaps "runtimeArgs"',
  fits: (value) =>
    isMap(value) &&
    Object.values(value).every(
      (one) => isMap(one) && Object.entries(one).every(([key, part]) => (key === 'path' && isText(part)) || (key === 'runtimeArgs' && texts.fits(part))),
    ),
};

/** Docker's switches of which Onggi knows one position only. */
const only = (value: unknown, why: string): Kind => ({ text: `${JSON.stringify(value)} (${why})`, fits: (given) => given === value });

/** The keys of daemon.json that have an effect, and what each takes (Docker's `dockerd` reference, "Daemon configuration file"). */
export const KNOWN_KEYS: ReadonlyMap<string, Kind> = new Map([
  ['bip', text], ['bridge', text], ['cgroup-parent', text], ['data-root', text], ['debug', flag], ['default-runtime', text], ['dns', texts],
  ['dns-opts', texts], ['dns-search', texts], ['exec-root', text], ['group', text], ['host-gateway-ip', text],
  ['hosts', texts], ['icc', flag], ['ip', text], ['ip-forward', flag], ['ip-masq', flag], ['init-path', text], ['insecure-registries', texts], ['labels', texts],
  ['live-restore', only(true, 'containers always live on without the engine')], ['log-driver', text],
  ['log-level', text], ['log-opts', textMap], ['max-concurrent-downloads', count], ['max-download-attempts', count],
  ['mtu', count], ['pidfile', text], ['registry-mirrors', texts], ['runtimes', runtimeMap], ['shutdown-timeout', count], ['storage-driver', text],
  ['userland-proxy', only(false, 'there is no process per port')],
]);

/** Docker's other keys: refused by name rather than passed over, since who sets one relies on it. */
export const NOT_YET: ReadonlySet<string> = new Set([
  'allow-direct-routing', 'allow-nondistributable-artifacts', 'api-cors-header', 'authorization-plugins', 'bip6', 'builder',
  'cdi-spec-dirs', 'containerd', 'containerd-namespace', 'containerd-plugins-namespace', 'cpu-rt-period',
  'cpu-rt-runtime', 'data-path-port', 'default-address-pools', 'default-cgroupns-mode', 'default-gateway', 'default-gateway-v6',
  'default-ipc-mode', 'default-network-opts', 'default-shm-size', 'default-ulimits', 'exec-opts', 'experimental', 'features',
  'fixed-cidr', 'fixed-cidr-v6', 'firewall-backend', 'host-gateway-ips', 'http-proxy', 'https-proxy', 'init', 'ip-forward-no-drop', 'ip6tables', 'iptables', 'ipv6', 'log-format', 'max-concurrent-uploads',
  'metrics-addr', 'min-api-version', 'no-new-privileges', 'no-proxy', 'node-generic-resources', 'oom-score-adjust', 'proxies', 'raw-logs',
  'seccomp-profile', 'selinux-enabled', 'storage-opts', 'swarm-default-advertise-addr', 'tls', 'tlscacert',
  'tlscert', 'tlskey', 'tlsverify', 'userland-proxy-path', 'userns-remap', 'validate',
]);
