import { parseEvent, type EventMessage } from '#protocol/events.ts';
import type { Answers } from './answers.ts';
import { formatChanges } from '../diff.ts';
import { formatDiskUsage, type DiskUsage } from '../disk-usage.ts';
import { eventFormatter } from '../events.ts';
import { formatHistory } from '../history.ts';
import { formatImages } from '../images.ts';
import { formatInfo } from '../info.ts';
import { formatInspect } from '../inspect.ts';
import { formatNetworks } from '../network.ts';
import { formatPorts } from '../port.ts';
import { formatContainers } from '../ps.ts';
import { formatSearch, type SearchResult } from '../search.ts';
import { formatStats } from '../stats.ts';
import type { StatsSample } from '../stats-sample.ts';
import { formatTop } from '../top.ts';
import { formatVersion } from '../version.ts';
import { formatVolumes } from '../volume.ts';

/** One call of docker's command line: the words, without `docker`. */
export type Words = readonly string[];

/** The client that recorded the expectations, as `version` shows it. */
const client = {
  Version: '28.2.2', ApiVersion: '1.50', DefaultAPIVersion: '1.50', GitCommit: 'e6534b4', GoVersion: 'go1.24.3',
  Os: 'linux', Arch: 'amd64', BuildTime: 'Fri May 30 12:07:14 2025', Context: 'default',
} as const;

/** Our output for a call of docker's command line, from the same answers of the engine. */
export function render(words: Words, answers: Answers): string {
  const verb = words.filter((word, index) => index < 2 && /^[a-z]+$/.test(word)).join(' ');
  const act = renderers[verb] ?? renderers[words[0]!];
  if (act === undefined) throw new Error(`no renderer for ${words.join(' ')}`);
  return act(optionsOf(words), <T>(path: string): T => answers[path] as T, words);
}

interface Options {
  readonly format: string;
  readonly quiet: boolean;
  readonly noTrunc: boolean;
  readonly size: boolean;
  readonly digests: boolean;
  readonly human: boolean;
  readonly verbose: boolean;
}

function optionsOf(words: Words): Options {
  const has = (word: string): boolean => words.includes(word);
  const at = words.indexOf('--format');
  return {
    format: at < 0 ? '' : (words[at + 1] ?? ''), quiet: has('-q'), noTrunc: has('--no-trunc'), size: has('-s'), digests: has('--digests'),
    human: !has('--human=false'), verbose: has('-v'),
  };
}

type Render = (options: Options, of: <T>(path: string) => T, words: Words) => string;

const renderers: Readonly<Record<string, Render>> = {
  ps: (options, of) => formatContainers(of('containers/json'), options),
  images: (options, of) => formatImages(of('images/json'), options),
  'network ls': (options, of) => formatNetworks(of('networks'), options),
  'volume ls': (options, of) => formatVolumes(of<{ Volumes: Parameters<typeof formatVolumes>[0] }>('volumes').Volumes, options),
  history: (options, of) => formatHistory(of('images/bb/history'), options),
  top: (_, of) => formatTop(of('containers/web/top')),
  diff: (_, of) => formatChanges(of('containers/web/changes')),
  port: (_, of, words) => formatPorts('web', of<{ NetworkSettings: { Ports: never } }>('containers/web/json').NetworkSettings.Ports, words[2]),
  version: ({ format }, of) => formatVersion(client, of('version'), format),
  info: ({ format }, of) => formatInfo({ ...client, Debug: false }, of('info'), format),
  'system df': (options, of) => formatDiskUsage(of<DiskUsage>('system/df'), options),
  search: (options, of) => formatSearch(of<readonly SearchResult[]>('images/search'), options),
  stats: (options, of) => formatStats([{ container: 'web', sample: of<StatsSample>('containers/web/stats') }], options),
  events: ({ format }, of) => `${eventFormatter(format)(parseEvent(JSON.stringify(of<EventMessage>('events'))))}\n`,
  inspect: ({ format }, of) => formatInspect('container', [of('containers/web/json')], format),
  'image inspect': ({ format }, of) => formatInspect('image', [of('images/bb/json')], format),
  'network inspect': ({ format }, of) => formatInspect('network', [of('networks/bridge')], format),
  'volume inspect': ({ format }, of) => formatInspect('volume', [of('volumes/v1')], format),
};
