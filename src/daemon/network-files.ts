import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '#engine/containers/container.ts';
import type { JoinedNetwork } from '#engine/containers/starter.ts';
import { hostsFile } from '#parts/network/hosts-file.ts';
import { readHostResolvConf, resolvConf } from '#parts/network/resolv-conf.ts';
import type { DaemonConfig } from './config.ts';

/**
 * Writes hosts, hostname and resolv.conf into a container's folder; who shares another's network uses that one's.
 *
 * @param bridgeGateway what `host-gateway` stands for unless daemon.json says
 */
export function networkFilesWriter(config: DaemonConfig, bridgeGateway: () => string): (container: Container, folder: string, network: JoinedNetwork) => void {
  return ({ spec }, folder, network) => {
    if (spec.network.mode.startsWith('container:')) return;
    const { hostname, domainname } = spec.process;
    const endpoint = Object.values(network.endpoints)[0];
    const mode = network.path === null ? 'host' : endpoint?.ipv4 ? 'bridge' : 'none';
    const asked = (own: readonly string[], engine: readonly string[]): readonly string[] => (own.length > 0 ? own : engine);
    const hosts = hostsFile({
      mode, hostname, domainname,
      hostText: mode === 'host' ? readFileSync('/etc/hosts', 'utf8') : '',
      address: endpoint?.ipv4 ?? '',
      extraHosts: spec.network.extraHosts,
      hostGateway: config.hostGatewayIp || bridgeGateway(),
    });
    const resolver = resolvConf(
      readHostResolvConf(),
      {
        dns: asked(spec.network.dns, config.dns),
        dnsSearch: asked(spec.network.dnsSearch, config.dnsSearch),
        dnsOptions: asked(spec.network.dnsOptions, config.dnsOptions),
      },
      mode,
    );
    const files: readonly (readonly [string, string])[] = [['hostname', `${hostname}\n`], ['hosts', hosts], ['resolv.conf', resolver]];
    for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o644 });
  };
}
