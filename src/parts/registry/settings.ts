/** How registries are reached: `daemon.json`'s `registry-mirrors`, `insecure-registries` and `proxies`, and the places of certificates. */
export interface RegistrySettings {
  /** Base URLs that are asked before Docker Hub, in this order. Other registries have no mirrors, as with Docker. */
  readonly mirrors: readonly string[];
  /** `host`, `host:port` or CIDR: TLS without a check of the certificate, and plain http where TLS fails. */
  readonly insecureRegistries: readonly string[];
  /** Holds `HOST[:PORT]/*.crt` (authorities) and `*.cert` with `*.key` (client certificates). */
  readonly certsRoot: string;
  readonly proxies: ProxySettings;
  readonly userAgent: string;
  /** Silence on a connection that ends it, in milliseconds. */
  readonly idleMs: number;
}

/** Proxy URLs; empty where there is none. `noProxy` is a comma list of hosts, domains, addresses, CIDRs or `*`. */
export interface ProxySettings {
  readonly http: string;
  readonly https: string;
  readonly noProxy: string;
}

export const DEFAULT_CERTS_ROOT = '/etc/onggi/certs.d';
const DEFAULT_IDLE_MS = 60_000;

/** The settings of an engine whose `daemon.json` says nothing; `over` replaces single ones. */
export function registrySettings(over: Partial<RegistrySettings> = {}): RegistrySettings {
  return {
    mirrors: [],
    insecureRegistries: [],
    certsRoot: DEFAULT_CERTS_ROOT,
    proxies: proxiesFromEnvironment(process.env),
    userAgent: 'onggi',
    idleMs: DEFAULT_IDLE_MS,
    ...over,
  };
}

/** Upper-case and lower-case names both count, upper first, as Go's clients read them. */
export function proxiesFromEnvironment(environment: Readonly<Record<string, string | undefined>>): ProxySettings {
  const get = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  return { http: get('HTTP_PROXY'), https: get('HTTPS_PROXY'), noProxy: get('NO_PROXY') };
}
