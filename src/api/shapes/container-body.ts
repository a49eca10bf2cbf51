import { EngineError } from '#base/errors.ts';
import { decodeBody, dictionary, flag, integer, list, member, optional, struct, text, textOrList, type Decoder } from '#api/decode.ts';
import type { ContainerConfig, HealthConfig } from '#protocol/containers.ts';
import type { EndpointConfig, EndpointIpamConfig } from '#protocol/networks.ts';
import { hostConfigBody, type HostConfigBody } from './host-config-body.ts';

/** The body of a create request, every field there with its zero value. */
export interface CreateBody extends Required<ContainerConfig> {
  readonly HostConfig: HostConfigBody;
  readonly NetworkingConfig: { readonly EndpointsConfig: Readonly<Record<string, EndpointConfig | null>> | null };
}

const texts = list(text);
const dictionaryOfTexts = dictionary(text);

const healthcheck = struct<Required<HealthConfig>>('container.HealthConfig', {
  Test: texts,
  Interval: integer('time.Duration'),
  Timeout: integer('time.Duration'),
  StartPeriod: integer('time.Duration'),
  StartInterval: integer('time.Duration'),
  Retries: integer('int'),
});

const endpoint = struct<EndpointConfig>('network.EndpointSettings', {
  IPAMConfig: optional(
    struct<Required<EndpointIpamConfig>>('network.EndpointIPAMConfig', {
      IPv4Address: text,
      IPv6Address: text,
      LinkLocalIPs: texts,
    }),
  ),
  Links: texts,
  Aliases: texts,
  MacAddress: text,
  DriverOpts: dictionaryOfTexts,
  GwPriority: integer('int'),
  NetworkID: text,
  EndpointID: text,
  Gateway: text,
  IPAddress: text,
  IPPrefixLen: integer('int'),
  IPv6Gateway: text,
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: integer('int'),
  DNSNames: texts,
});

const createBody: Decoder<CreateBody> = struct<CreateBody>('container.CreateRequest', {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: dictionary(member, 'nat.PortSet'),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: texts,
  Cmd: textOrList,
  Healthcheck: optional(healthcheck),
  ArgsEscaped: flag,
  Image: text,
  Volumes: dictionary(member),
  WorkingDir: text,
  Entrypoint: textOrList,
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: texts,
  Labels: dictionaryOfTexts,
  StopSignal: text,
  StopTimeout: optional(integer('int')),
  Shell: textOrList,
  HostConfig: hostConfigBody,
  NetworkingConfig: struct<CreateBody['NetworkingConfig']>('network.NetworkingConfig', {
    EndpointsConfig: dictionary(optional(endpoint)),
  }),
});

/** @throws {EngineError} `invalid` with dockerd's words, where a field is of a wrong type or nothing is asked for */
export function decodeCreateBody(value: unknown): CreateBody {
  const nothing = value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);
  if (nothing) throw new EngineError('invalid', 'config cannot be empty in order to create a container');
  return decodeBody(createBody, value, '');
}
