import type { VersionInfo } from '#protocol/system.ts';
import { alignColumns } from './table.ts';
import { parsingError } from './listing.ts';
import { compileTemplate } from './template.ts';
import { decode } from './typed/decode.ts';

/** What the client says of itself in `version`. */
export interface ClientVersion {
  readonly Version: string;
  /** Agreed upon with the engine. */
  readonly ApiVersion: string;
  /** The newest that the client knows. */
  readonly DefaultAPIVersion: string;
  readonly GitCommit: string;
  /** Go's in docker; Node's here. */
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly BuildTime: string;
  readonly Context: string;
}

const layout = { minWidth: 20, padding: 1 } as const;

/**
 * What `version` prints.
 *
 * @param server nothing where no engine answers
 * @param format a template, `json`, or empty for docker's text
 * @throws {TemplateError} in docker's words
 */
export function formatVersion(client: ClientVersion, server: VersionInfo | undefined, format: string = ''): string {
  if (format !== '') return compileVersion(format)(client, server);
  const parts = server === undefined ? [clientPart(client)] : [clientPart(client), serverPart(server)];
  return parts.map((part) => alignColumns(part, layout)).join('\n');
}

/** Reads a format for `version`, so that its faults show before the engine is asked. */
export function compileVersion(format: string): (client: ClientVersion, server: VersionInfo | undefined) => string {
  const template = compile(format === 'json' ? '{{json .}}' : format);
  return (client, server) => `${template(decode('system.versionInfo', { Client: client, Server: server === undefined ? null : readable(server) }))}\n`;
}

function compile(source: string): (data: unknown) => string {
  try {
    return compileTemplate(source, { name: 'version' });
  } catch (error) {
    throw parsingError(error);
  }
}

/** Templates see the engine's build time as the text does. */
function readable(server: VersionInfo): VersionInfo {
  const Components = (server.Components ?? []).map((component) => {
    const built = component.Details?.['BuildTime'];
    return built === undefined ? component : { ...component, Details: { ...component.Details, BuildTime: showBuildTime(built) } };
  });
  return { ...server, Components };
}

function clientPart(client: ClientVersion): string {
  const downgraded = client.ApiVersion === client.DefaultAPIVersion ? '' : ` (downgraded from ${client.DefaultAPIVersion})`;
  return `Client:\n${lines(' ', [
    ['Version', client.Version],
    ['API version', client.ApiVersion + downgraded],
    [languageLabel(client.GoVersion), client.GoVersion],
    ['Git commit', client.GitCommit],
    ['Built', showBuildTime(client.BuildTime)],
    ['OS/Arch', `${client.Os}/${client.Arch}`],
    ['Context', client.Context],
  ])}`;
}

function serverPart(server: VersionInfo): string {
  const name = server.Platform?.Name ?? '';
  const components = (server.Components ?? []).length > 0 ? server.Components : [{ Name: 'Engine', Version: server.Version }];
  return `Server:${name === '' ? '' : ` ${name}`}\n${components.map((component) => componentPart(component, server)).join('')}`;
}

function componentPart(component: VersionInfo['Components'][number], server: VersionInfo): string {
  const details = component.Details ?? {};
  const body = component.Name === 'Engine'
    ? engineLines(details, server)
    : Object.keys(details).toSorted().map((key) => [key, details[key]!] as const);
  return ` ${component.Name}:\n${lines('  ', [['Version', component.Version], ...body])}`;
}

/** Engines of before API 1.35 have no details: what they answer stands beside the components. */
function engineLines(details: Readonly<Record<string, string>>, server: VersionInfo): (readonly [string, string])[] {
  const of = (name: string, otherwise: string | undefined): string => details[name] ?? otherwise ?? '';
  const language = of('GoVersion', server.GoVersion);
  return [
    ['API version', `${of('ApiVersion', server.ApiVersion)} (minimum version ${of('MinAPIVersion', server.MinAPIVersion)})`],
    [languageLabel(language), language],
    ['Git commit', of('GitCommit', server.GitCommit)],
    ['Built', showBuildTime(of('BuildTime', server.BuildTime))],
    ['OS/Arch', `${of('Os', server.Os)}/${of('Arch', server.Arch)}`],
    ['Experimental', of('Experimental', String(server.Experimental ?? false))],
  ];
}

/** Docker's word is Go; where a Node answers, its own name stands there. */
function languageLabel(version: string): string {
  return version.startsWith('go') || version === '' ? 'Go version' : 'Node version';
}

function lines(indent: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${indent}${name}:\t${value}\n`).join('');
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Tue Sep 15 11:02:57 2026` of an RFC 3339 time, in the zone it was written in; any other text as it is. */
export function showBuildTime(text: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return text;
  const [, year = '', month = '', day = '', clock = ''] = match;
  const weekday = DAYS[new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay()]!;
  return `${weekday} ${MONTHS[Number(month) - 1] ?? month} ${String(Number(day)).padStart(2, ' ')} ${clock} ${year}`;
}
