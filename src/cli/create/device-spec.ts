import { globSync } from 'node:fs';
import { posix } from 'node:path';
import { EngineError } from '#base/errors.ts';
import type { DeviceConfig } from '#protocol/host-config.ts';

/** What `--device` asks for: nodes of the host, and names of the Container Device Interface (`vendor/class=name`). */
export interface DeviceRequest {
  readonly devices: readonly DeviceConfig[];
  readonly cdiNames: readonly string[];
}

const CDI_NAME = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[A-Za-z0-9][\w.:-]*$/;

/** @throws {EngineError} `invalid` with the words of Docker's client */
export function deviceRequest(texts: readonly string[]): DeviceRequest {
  const cdiNames = texts.filter((text) => CDI_NAME.test(text));
  return { cdiNames, devices: texts.filter((text) => !CDI_NAME.test(text)).flatMap(parseDevice) };
}

function parseDevice(text: string): DeviceConfig[] {
  const parts = text.split(':');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || first === '') throw invalid(`bad format for path: ${text}`);
  if (third !== undefined && !isMode(third)) throw invalid(`bad mode specified: ${third}`);
  const secondIsMode = second !== undefined && third === undefined && isMode(second);
  const checked = second === undefined || secondIsMode ? first : second;
  if (!posix.isAbsolute(checked)) throw invalid(`${checked} is not an absolute path`);
  const permissions = third ?? (secondIsMode ? second : 'rwm');
  const host = second === undefined || secondIsMode ? posix.normalize(first) : first;
  const inside = second === undefined || secondIsMode ? undefined : third === undefined ? posix.normalize(second) : second;
  if (host.endsWith('*')) return everyDevice(host, inside, permissions, text);
  return [{ PathOnHost: host, PathInContainer: inside ?? host, CgroupPermissions: permissions }];
}

function everyDevice(pattern: string, inside: string | undefined, permissions: string, text: string): DeviceConfig[] {
  if (inside !== undefined) throw invalid(`device with * suffix can't have dst: ${text}`);
  return globSync(pattern).toSorted().map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: permissions }));
}

/** Some of `rwm`, each once. */
function isMode(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}
