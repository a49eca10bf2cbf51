import { EngineError, messageOf } from '#base/errors.ts';
import type { OciSyscallArgument, SeccompAction, SeccompOperator } from './oci-seccomp.ts';
import type { ArchitectureFamily, ProfileCondition, ProfileRule, SeccompProfile } from './profile.ts';

const LARGEST_PROFILE_BYTES = 1024 * 1024;

const ACTIONS: ReadonlySet<string> = new Set([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
]);
const OPERATORS: ReadonlySet<string> = new Set(['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map((word) => `SCMP_CMP_${word}`));

/**
 * Reads a profile in Docker's JSON format.
 *
 * @throws {EngineError} `internal`, which is what Docker answers at start: `Decoding seccomp profile failed: …`
 */
export function loadProfile(text: string): SeccompProfile {
  const root = objectOf(decoded(text), 'the profile');
  const { archMap, architectures, defaultErrnoRet, flags, listenerPath, listenerMetadata } = root;
  return {
    defaultAction: root['defaultAction'] === undefined ? ('' as SeccompAction) : actionOf(root['defaultAction']),
    ...(isGiven(defaultErrnoRet) && { defaultErrnoRet: errnoOf(defaultErrnoRet) }),
    ...(isGiven(architectures) && { architectures: stringsOf(architectures, 'architectures') }),
    ...(isGiven(archMap) && { archMap: arrayOf(archMap, 'archMap').map(familyOf) }),
    ...(isGiven(flags) && { flags: stringsOf(flags, 'flags') }),
    ...(isGiven(listenerPath) && { listenerPath: stringOf(listenerPath, 'listenerPath') }),
    ...(isGiven(listenerMetadata) && { listenerMetadata: stringOf(listenerMetadata, 'listenerMetadata') }),
    syscalls: isGiven(root['syscalls']) ? arrayOf(root['syscalls'], 'syscalls').map(ruleOf) : [],
  };
}

type Json = Readonly<Record<string, unknown>>;

function decoded(text: string): unknown {
  if (Buffer.byteLength(text) > LARGEST_PROFILE_BYTES) throw refused(`it is larger than ${LARGEST_PROFILE_BYTES} bytes`);
  if (text.trim() === '') throw refused('unexpected end of JSON input');
  const first = text.trimStart().charAt(0);
  if (!/[[{"\d\-tfn]/.test(first)) throw refused(`invalid character '${first}' looking for beginning of value`);
  try {
    return JSON.parse(text, exactNumbers);
  } catch (thrown) {
    throw refused(messageOf(thrown));
  }
}

/** Argument values are unsigned 64-bit: they keep every digit. */
function exactNumbers(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (key !== 'value' && key !== 'valueTwo') return value;
  return typeof value === 'number' && /^\d{1,20}$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value;
}

function familyOf(value: unknown): ArchitectureFamily {
  const { architecture, subArchitectures } = objectOf(value, 'archMap');
  return {
    architecture: stringOf(architecture, 'architecture'),
    subArchitectures: isGiven(subArchitectures) ? stringsOf(subArchitectures, 'subArchitectures') : [],
  };
}

function ruleOf(value: unknown): ProfileRule {
  const { name, names, action, errnoRet, args, includes, excludes } = objectOf(value, 'syscalls');
  const several = isGiven(names) ? stringsOf(names, 'names') : [];
  if (isGiven(name) && name !== '' && several.length > 0) {
    throw new EngineError('internal', "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'");
  }
  return {
    names: isGiven(name) && name !== '' ? [stringOf(name, 'name')] : several,
    action: actionOf(action),
    ...(isGiven(errnoRet) && { errnoRet: errnoOf(errnoRet) }),
    ...(isGiven(args) && { args: arrayOf(args, 'args').map(argumentOf) }),
    ...(isGiven(includes) && { includes: conditionOf(includes) }),
    ...(isGiven(excludes) && { excludes: conditionOf(excludes) }),
  };
}

function argumentOf(value: unknown): OciSyscallArgument {
  const { index, value: first, valueTwo, op } = objectOf(value, 'args');
  if (!(typeof index === 'number' && Number.isInteger(index) && index >= 0 && index <= 5)) throw refused('an argument has no index of 0 to 5');
  if (typeof op !== 'string' || !OPERATORS.has(op)) throw refused(`${String(op)} is not a valid operator`);
  return { index, value: wordOf(first), ...(isGiven(valueTwo) && { valueTwo: wordOf(valueTwo) }), op: op as SeccompOperator };
}

function wordOf(value: unknown): bigint {
  if (typeof value !== 'bigint' || value >= 2n ** 64n) throw refused('the value of an argument is not an unsigned 64-bit number');
  return value;
}

function conditionOf(value: unknown): ProfileCondition {
  const { caps, arches, minKernel } = objectOf(value, 'includes or excludes');
  return {
    ...(isGiven(caps) && { caps: stringsOf(caps, 'caps') }),
    ...(isGiven(arches) && { arches: stringsOf(arches, 'arches') }),
    ...(isGiven(minKernel) && minKernel !== '' && { minKernel: kernelOf(stringOf(minKernel, 'minKernel')) }),
  };
}

function kernelOf(text: string): readonly [number, number] {
  const match = /^(\d{1,5})\.(\d{1,5})$/.exec(text);
  if (!match) throw refused(`invalid kernel version: ${JSON.stringify(text)}, expected "<kernel>.<major>"`);
  return [Number(match[1]), Number(match[2])];
}

function actionOf(value: unknown): SeccompAction {
  if (typeof value !== 'string' || !ACTIONS.has(value)) throw new EngineError('internal', `string ${String(value)} is not a valid action for seccomp`);
  return value as SeccompAction;
}

function errnoOf(value: unknown): number {
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 4095)) throw refused('an errno is not a number of 0 to 4095');
  return value;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function objectOf(value: unknown, field: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${field} is not an object`);
  return value as Json;
}

function arrayOf(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(`${field} is not a list`);
  return value;
}

function stringsOf(value: unknown, field: string): readonly string[] {
  return arrayOf(value, field).map((item) => stringOf(item, field));
}

function stringOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw refused(`${field} is not text`);
  return value;
}

function refused(why: string): EngineError {
  return new EngineError('internal', `Decoding seccomp profile failed: ${why}`);
}
