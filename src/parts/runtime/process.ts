import { capabilitiesOf } from '#parts/security/capabilities.ts';
import { parseSecurityOptions } from '#parts/security/security-options.ts';
import type { OciProcess } from './oci-spec.ts';
import type { ResourceLimits, SecuritySettings } from './settings.ts';
import type { ProcessInput, SpecHost } from './spec-input.ts';
import { rlimitsOf } from './ulimits.ts';

export interface ProcessContext {
  readonly process: ProcessInput;
  /** `exec --privileged`: every capability, but the container's own filter, namespaces and AppArmor profile. */
  readonly privileged: boolean;
  /** Of the container. */
  readonly security: SecuritySettings;
  readonly limits: ResourceLimits;
  readonly oomScoreAdj: number;
  readonly host: SpecHost;
}

/** A process in a container: its first, or a further one as `exec --process` takes it (moby daemon/exec_linux.go). */
export function ociProcess(input: ProcessContext): OciProcess {
  const { process, security, limits, oomScoreAdj, host } = input;
  const options = parseSecurityOptions(security.securityOpt);
  const capabilities = capabilitiesOf({ ...security, privileged: input.privileged || security.privileged }, host.capabilities);
  const rlimits = rlimitsOf(limits.ulimits, host.ulimits);
  const apparmor = host.apparmorProfile === null ? '' : (options.apparmor ?? (security.privileged ? 'unconfined' : host.apparmorProfile));
  return {
    ...(process.tty && { terminal: true }),
    ...(process.tty && process.consoleSize && { consoleSize: { height: process.consoleSize.rows, width: process.consoleSize.columns } }),
    user: { uid: process.uid, gid: process.gid, additionalGids: process.additionalGids },
    args: process.args,
    env: process.env,
    cwd: process.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    ...(rlimits.length > 0 && { rlimits }),
    ...((options.noNewPrivileges || host.noNewPrivileges) && { noNewPrivileges: true }),
    ...(apparmor !== '' && { apparmorProfile: apparmor }),
    oomScoreAdj,
  };
}
