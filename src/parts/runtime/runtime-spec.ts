import { capabilitiesOf } from '#parts/security/capabilities.ts';
import { parseSecurityOptions } from '#parts/security/security-options.ts';
import type { ContainerFilter } from '#parts/security/seccomp/container-filters.ts';
import { DEFAULT_DEVICE_RULES } from './devices.ts';
import { namespacesOf } from './namespaces.ts';
import type { OciLinux, OciProcess, RuntimeSpec } from './oci-spec.ts';
import { ociProcess } from './process.ts';
import { rootfsPropagation } from './propagation.ts';
import { resourcesOf } from './resources.ts';
import type { RuntimeFeatures, SpecInput } from './spec-input.ts';
import { INIT_TARGET, mountsOf } from './spec-mounts.ts';
import { sysctlsOf } from './sysctls.ts';

/** The newest version that crun 1.8 and runc 1.1, which Debian 12 has, both take. */
const OCI_VERSION = '1.0.2';

/** crun loads this filter instead of compiling `linux.seccomp`, which stays in place for runtimes that do not know it. */
const COMPILED_FILTER = 'run.oci.seccomp_bpf_data';

/**
 * What crun or runc is told, with Docker's defaults (compared with the config.json of dockerd 28.5).
 *
 * @throws {EngineError} where an option makes no sense: capability, security option, tmpfs option, sysctl, ulimit, profile
 */
export function runtimeSpec(given: SpecInput, features: RuntimeFeatures): RuntimeSpec {
  // As with Docker: in a pid namespace of others an init would not be process 1.
  const input = given.namespaces.pid === 'private' ? given : { ...given, initPath: null };
  const options = parseSecurityOptions(input.security.securityOpt);
  const capabilities = capabilitiesOf(input.security, input.host.capabilities);
  const filter = input.host.filters.of({ asked: options.seccomp, privileged: input.security.privileged, capabilities });
  const annotations = annotationsOf(input, filter, features);
  return {
    ociVersion: OCI_VERSION,
    process: processOf(input),
    root: { path: input.rootfs, ...(input.security.readonlyRootfs && { readonly: true }) },
    ...(input.hostname !== '' && input.namespaces.uts !== 'host' && { hostname: input.hostname }),
    mounts: mountsOf(input, options, features),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    linux: linuxOf(input, filter),
  };
}

function processOf(input: SpecInput): OciProcess {
  const { process, security, limits, oomScoreAdj, host, initPath } = input;
  const args = initPath === null ? process.args : [INIT_TARGET, '--', ...process.args];
  return ociProcess({ process: { ...process, args }, privileged: false, security, limits, oomScoreAdj, host });
}

function linuxOf(input: SpecInput, filter: ContainerFilter | undefined): OciLinux {
  const { security, devices, namespaces, host } = input;
  const masked = security.privileged ? [] : (security.maskedPaths ?? host.maskedPaths);
  const readonly = security.privileged ? [] : (security.readonlyPaths ?? host.readonlyPaths);
  const propagation = rootfsPropagation(input.mounts);
  return {
    sysctl: sysctlsOf(input.sysctls, namespaces, input.domainname),
    resources: resourcesOf(input.limits, [...DEFAULT_DEVICE_RULES, ...devices.rules], devices.blockDevices),
    cgroupsPath: input.cgroupPath,
    namespaces: namespacesOf(namespaces),
    ...(devices.nodes.length > 0 && { devices: devices.nodes }),
    ...(filter && { seccomp: filter.rules }),
    ...(masked.length > 0 && { maskedPaths: masked }),
    ...(readonly.length > 0 && { readonlyPaths: readonly }),
    ...(propagation && { rootfsPropagation: propagation }),
  };
}

function annotationsOf(input: SpecInput, filter: ContainerFilter | undefined, features: RuntimeFeatures): Record<string, string> {
  const annotations: Record<string, string> = { ...input.annotations };
  // Only the engine decides on the filter: as an annotation of the user's it would replace the container's profile.
  delete annotations[COMPILED_FILTER];
  if (features.compiledSeccomp && filter?.compiled !== undefined) annotations[COMPILED_FILTER] = filter.compiled;
  return annotations;
}

/** The text of config.json: 64-bit numbers keep their digits. */
export function specText(spec: object): string {
  return JSON.stringify(spec, (_key, value: unknown) => (typeof value === 'bigint' ? rawJson(String(value)) : value));
}

/** Node has `JSON.rawJSON` since version 21; TypeScript's library does not know it yet. */
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;
