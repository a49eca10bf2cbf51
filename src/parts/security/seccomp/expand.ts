import { EngineError } from '#base/errors.ts';
import type { OciSeccomp, OciSyscallRule } from './oci-seccomp.ts';
import type { ProfileCondition, ProfileRule, SeccompProfile, SeccompSubject } from './profile.ts';

/** What libseccomp calls the architectures that Go names so. */
const LIBSECCOMP_NAME: Readonly<Record<string, string>> = {
  amd64: 'SCMP_ARCH_X86_64',
  '386': 'SCMP_ARCH_X86',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  s390x: 'SCMP_ARCH_S390X',
  riscv64: 'SCMP_ARCH_RISCV64',
};

/**
 * Keeps the rules of a profile that apply to this container. undefined: the profile filters nothing.
 *
 * @throws {EngineError} `invalid` when the profile names architectures in both ways
 */
export function expandProfile(profile: SeccompProfile, subject: SeccompSubject): OciSeccomp | undefined {
  if (!profile.defaultAction && profile.syscalls.length === 0) return undefined;
  const { defaultErrnoRet, flags, listenerPath, listenerMetadata } = profile;
  const architectures = architecturesOf(profile, subject.architecture);
  return {
    defaultAction: profile.defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(flags === undefined ? {} : { flags }),
    ...(listenerPath === undefined ? {} : { listenerPath }),
    ...(listenerMetadata === undefined ? {} : { listenerMetadata }),
    syscalls: profile.syscalls.filter((rule) => applies(rule, subject)).map(plain),
  };
}

function architecturesOf(profile: SeccompProfile, host: string): readonly string[] {
  const fixed = profile.architectures ?? [];
  const families = profile.archMap ?? [];
  if (fixed.length > 0 && families.length > 0) {
    throw new EngineError(
      'invalid',
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  if (families.length === 0) return fixed;
  const native = LIBSECCOMP_NAME[host];
  const family = families.find((candidate) => candidate.architecture === native);
  return family ? [family.architecture, ...family.subArchitectures] : [];
}

function applies(rule: ProfileRule, subject: SeccompSubject): boolean {
  const { includes, excludes } = rule;
  return (includes === undefined || allHold(includes, subject)) && (excludes === undefined || !anyHolds(excludes, subject));
}

function allHold({ caps, arches, minKernel }: ProfileCondition, subject: SeccompSubject): boolean {
  if (arches && arches.length > 0 && !arches.includes(subject.architecture)) return false;
  if (caps && !caps.every((name) => subject.capabilities.includes(name))) return false;
  return minKernel === undefined || isAtLeast(subject.kernel, minKernel);
}

function anyHolds({ caps, arches, minKernel }: ProfileCondition, subject: SeccompSubject): boolean {
  if (arches?.includes(subject.architecture)) return true;
  if (caps?.some((name) => subject.capabilities.includes(name))) return true;
  return minKernel !== undefined && isAtLeast(subject.kernel, minKernel);
}

function isAtLeast(kernel: readonly [number, number], wanted: readonly [number, number]): boolean {
  return kernel[0] > wanted[0] || (kernel[0] === wanted[0] && kernel[1] >= wanted[1]);
}

function plain({ names, action, errnoRet, args }: ProfileRule): OciSyscallRule {
  return {
    names,
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined || args.length === 0 ? {} : { args }),
  };
}
