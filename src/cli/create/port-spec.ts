import { isIP, isIPv4 } from 'node:net';
import { EngineError } from '#base/errors.ts';
import type { HostPort } from '#protocol/host-config.ts';

/** `ExposedPorts` and `PortBindings`, as `-p` and `--expose` together make them. */
export interface PortRequest {
  readonly exposed: Record<string, Record<string, never>>;
  readonly bindings: Record<string, HostPort[]>;
}

/** @throws {EngineError} `invalid` with the words of Docker's client */
export function portRequest(published: readonly string[], exposed: readonly string[]): PortRequest {
  const request: PortRequest = { exposed: {}, bindings: {} };
  for (const text of published) {
    for (const { port, binding } of parsePublish(shortNotation(text))) {
      request.exposed[port] = {};
      (request.bindings[port] ??= []).push(binding);
    }
  }
  for (const text of exposed) for (const port of parseExpose(text)) request.exposed[port] ??= {};
  return request;
}

interface Publication {
  /** `80/tcp`. */
  readonly port: string;
  readonly binding: HostPort;
}

/** `[ip:][host port:]container port[/proto]`, each port possibly a range. */
function parsePublish(text: string): Publication[] {
  const parts = text.split(':');
  const containerText = parts.pop() ?? '';
  const hostText = parts.pop() ?? '';
  const address = parts.join(':');
  const { port, protocol } = splitProtocol(containerText);
  if (port === '') throw invalid(`no port specified: ${text}<empty>`);
  const ip = hostAddress(address);
  const inside = portRange(port, `invalid containerPort: ${port}`);
  const outside = hostText === '' ? undefined : portRange(hostText, `invalid hostPort: ${hostText}`);
  const count = inside.end - inside.start + 1;
  if (outside !== undefined && outside.end - outside.start + 1 !== count && count !== 1) {
    throw invalid(`invalid ranges specified for container and host Ports: ${port} and ${hostText}`);
  }
  const proto = protocol.toLowerCase();
  if (proto !== 'tcp' && proto !== 'udp' && proto !== 'sctp') throw invalid(`invalid proto: ${protocol}`);
  return Array.from({ length: count }, (_, index) => ({
    port: `${inside.start + index}/${proto}`,
    binding: { HostIp: ip, HostPort: outside === undefined ? '' : hostPort(outside, index, count) },
  }));
}

/** One container port may be given a range on the host: the engine takes what is free in it. */
function hostPort(range: Range, index: number, count: number): string {
  return count === 1 && range.start !== range.end ? `${range.start}-${range.end}` : String(range.start + index);
}

function parseExpose(text: string): string[] {
  if (text.includes(':')) throw invalid(`invalid port format for --expose: ${text}`);
  const { port, protocol } = splitProtocol(text);
  const range = portRange(port, undefined, (why) => `invalid range format for --expose: ${text}, error: ${why}`);
  return Array.from({ length: range.end - range.start + 1 }, (_, index) => `${range.start + index}/${protocol}`);
}

/** The long notation, `target=80,published=8080,protocol=tcp`, said shortly. */
function shortNotation(text: string): string {
  if (!text.includes('=')) return text;
  const fields: Record<string, string> = { protocol: 'tcp' };
  for (const field of text.split(',')) {
    const [key = '', value] = field.split('=');
    if (value === undefined || key === '') throw invalid(`invalid publish opts format (should be name=value but got '${field}')`);
    fields[key] = value;
  }
  return `${fields['published'] ?? ''}:${fields['target'] ?? ''}/${fields['protocol'] ?? ''}`;
}

function hostAddress(address: string): string {
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (bare !== '' && (isIP(bare) === 0 || (bare !== address && isIPv4(bare)))) throw invalid(`invalid IP address: ${address}`);
  return bare;
}

function splitProtocol(text: string): { port: string; protocol: string } {
  const [port = '', protocol = ''] = text.split('/');
  return { port, protocol: protocol || 'tcp' };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function portRange(text: string, complaint: string | undefined, explain: (why: string) => string = (why) => why): Range {
  const [startText = '', endText = startText, ...more] = text.split('-');
  const fail = (why: string): EngineError => invalid(complaint ?? explain(why));
  if (text === '') throw fail('empty string specified for ports.');
  const start = portNumber(startText, fail);
  const end = portNumber([endText, ...more].join('-'), fail);
  if (end < start) throw fail(`invalid range specified for port: ${text}`);
  return { start, end };
}

function portNumber(text: string, fail: (why: string) => EngineError): number {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^[0-9]+$/.test(text)) throw fail(`${parsing}: invalid syntax`);
  if (Number(text) > 65_535) throw fail(`${parsing}: value out of range`);
  return Number(text);
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}
