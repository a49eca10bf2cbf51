import type { SystemInfo } from '#protocol/system.ts';
import { parsingError } from './listing.ts';
import { compileTemplate } from './template.ts';
import { decode } from './typed/decode.ts';
import { binarySize } from './units.ts';

/** What the client says of itself in `info`. */
export interface ClientInfo {
  readonly Debug: boolean;
  readonly Version: string;
  readonly DefaultAPIVersion?: string;
  readonly GitCommit?: string;
  readonly GoVersion?: string;
  readonly Os?: string;
  readonly Arch?: string;
  readonly BuildTime?: string;
  readonly Context: string;
}

/**
 * What `info` prints. The engine's warnings are not in docker's text: they go to standard error.
 *
 * @param server nothing where no engine answers
 * @param format a template, `json`, or empty for docker's text
 * @throws {TemplateError} in docker's words
 */
export function formatInfo(client: ClientInfo, server: SystemInfo | undefined, format: string = ''): string {
  if (format !== '') return compileInfo(format)(client, server);
  const head = ['Client:', ` Version:    ${client.Version}`, ` Context:    ${client.Context}`, ` Debug Mode: ${client.Debug}`, '', 'Server:'];
  return lines([...head, ...(server === undefined ? [] : serverLines(server))]);
}

/** Reads a format for `info`, so that its faults show before the engine is asked. */
export function compileInfo(format: string): (client: ClientInfo, server: SystemInfo | undefined) => string {
  const template = compile(format === 'json' ? '{{json .}}' : format);
  return (client, server) => {
    const ClientInfo = { ...client, Plugins: [], Warnings: null };
    return `${template(decode('system.dockerInfo', { ...server, ClientInfo }))}\n`;
  };
}

function compile(source: string): (data: unknown) => string {
  try {
    return compileTemplate(source);
  } catch (error) {
    throw parsingError(error);
  }
}

function serverLines(info: SystemInfo): string[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...given('Server Version', info.ServerVersion),
    ` Storage Driver: ${info.Driver}`,
    ...(info.DriverStatus ?? []).map(([name, value]) => `  ${name}: ${value}`),
    ...given('Logging Driver', info.LoggingDriver),
    ...given('Cgroup Driver', info.CgroupDriver),
    ...given('Cgroup Version', info.CgroupVersion),
    ...pluginLines(info),
    ...runtimeLines(info),
    ...securityLines(info.SecurityOptions ?? []),
    ...hostLines(info),
    ...debugLines(info),
    ...registryLines(info),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...given('Product License', (info as { ProductLicense?: string }).ProductLicense),
    ...given('Firewall Backend', info.FirewallBackend?.Driver),
    '',
  ];
}

function pluginLines({ Plugins: plugins, CDISpecDirs: cdi, Swarm: swarm }: SystemInfo): string[] {
  return [
    ' Plugins:',
    `  Volume: ${(plugins.Volume ?? []).join(' ')}`,
    `  Network: ${(plugins.Network ?? []).join(' ')}`,
    ...((plugins.Authorization ?? []).length > 0 ? [`  Authorization: ${plugins.Authorization!.join(' ')}`] : []),
    `  Log: ${(plugins.Log ?? []).join(' ')}`,
    ...((cdi ?? []).length > 0 ? [' CDI spec directories:', ...cdi.map((path) => `  ${path}`)] : []),
    ` Swarm: ${swarm?.LocalNodeState ?? 'inactive'}`,
  ];
}

function runtimeLines(info: SystemInfo): string[] {
  const runtimes = Object.keys(info.Runtimes ?? {});
  return [
    ...(runtimes.length > 0 ? [` Runtimes: ${runtimes.toSorted().join(' ')}`, ` Default Runtime: ${info.DefaultRuntime}`] : []),
    ...(info.OSType === 'linux'
      ? [
          ` Init Binary: ${info.InitBinary}`,
          ...given('containerd version', info.ContainerdCommit?.ID),
          ...given('runc version', info.RuncCommit?.ID),
          ...given('init version', info.InitCommit?.ID),
        ]
      : []),
  ];
}

/** `name=seccomp,profile=builtin` becomes a line and one below it. */
function securityLines(options: readonly string[]): string[] {
  if (options.length === 0) return [];
  const shown = options.flatMap((option) => {
    const [name = '', ...details] = option.split(',').map((part) => {
      const [key = '', value = ''] = part.split(/=(.*)/s);
      return { key, value };
    }).toSorted((a, b) => Number(b.key === 'name') - Number(a.key === 'name')).map(({ key, value }) => (key === 'name' ? value : `${capital(key)}: ${value}`));
    return [`  ${name}`, ...details.map((detail) => `   ${detail}`)];
  });
  return [' Security Options:', ...shown];
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function hostLines(info: SystemInfo): string[] {
  return [
    ...given('Kernel Version', info.KernelVersion),
    ...given('Operating System', info.OperatingSystem),
    ...given('OSType', info.OSType),
    ...given('Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ...given('Name', info.Name),
    ...given('ID', info.ID),
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
  ];
}

function debugLines(info: SystemInfo): string[] {
  if (!info.Debug) return [];
  return [
    `  File Descriptors: ${info.NFd}`,
    `  Goroutines: ${info.NGoroutines}`,
    `  System Time: ${info.SystemTime}`,
    `  EventsListeners: ${info.NEventsListener}`,
  ];
}

function registryLines(info: SystemInfo): string[] {
  const { RegistryConfig: registries } = info;
  const named = Object.values(registries?.IndexConfigs ?? {}).filter((index) => !index.Secure).map((index) => index.Name);
  const insecure = [...named, ...(registries?.InsecureRegistryCIDRs ?? [])];
  return [
    ...given('HTTP Proxy', info.HttpProxy),
    ...given('HTTPS Proxy', info.HttpsProxy),
    ...given('No Proxy', info.NoProxy),
    ...listed('Labels', info.Labels),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...listed('Insecure Registries', insecure),
    ...listed('Registry Mirrors', registries?.Mirrors),
  ];
}

function given(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [` ${name}: ${value}`];
}

function listed(name: string, values: readonly string[] | null | undefined): string[] {
  return (values ?? []).length > 0 ? [` ${name}:`, ...values!.map((value) => `  ${value}`)] : [];
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
