import type { OciSyscallArgument, SeccompAction } from './oci-seccomp.ts';

/**
 * A profile as Docker's `--security-opt seccomp=FILE` takes it: an OCI filter whose rules may apply only to some
 * containers.
 */
export interface SeccompProfile {
  readonly defaultAction: SeccompAction;
  readonly defaultErrnoRet?: number;
  /** Either fixed architectures, or a map from the host's to those it can run as well. */
  readonly architectures?: readonly string[];
  readonly archMap?: readonly ArchitectureFamily[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls: readonly ProfileRule[];
}

export interface ArchitectureFamily {
  readonly architecture: string;
  readonly subArchitectures: readonly string[];
}

export interface ProfileRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly OciSyscallArgument[];
  /** Each part that is given must match for the rule to apply. */
  readonly includes?: ProfileCondition;
  /** Any part that matches takes the rule away. */
  readonly excludes?: ProfileCondition;
}

export interface ProfileCondition {
  /** `CAP_X`. As an include all of them must be held; as an exclude any of them counts. */
  readonly caps?: readonly string[];
  /** Go's words: `amd64`, `arm64`. Any of them counts. */
  readonly arches?: readonly string[];
  /** `4.8`: this kernel or a later one. */
  readonly minKernel?: readonly [major: number, minor: number];
}

/** Whom a profile is expanded for. */
export interface SeccompSubject {
  readonly capabilities: readonly string[];
  /** Go's word for the host's architecture: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: readonly [major: number, minor: number];
}
