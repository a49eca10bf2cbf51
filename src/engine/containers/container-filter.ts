import { EngineError } from '#base/errors.ts';
import { type Filters, assertKnownFilters, booleanFilter, hasLabels } from '#engine/filters.ts';
import type { Image } from '#engine/images/images.ts';
import type { Container, Health } from './container.ts';
import type { ContainerRecords } from './records.ts';
import { exitOf } from './state.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'name', 'network',
  'publish', 'since', 'status', 'volume',
]);
const STATUSES: ReadonlySet<string> = new Set(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']);
const HEALTH: ReadonlySet<string> = new Set(['none', 'starting', 'healthy', 'unhealthy']);

interface Parts {
  readonly records: ContainerRecords;
  /** Ids of the image and of what it was made from, for `ancestor`. */
  readonly findImage: (ref: string) => Image | undefined;
  readonly lineageOf: (imageId: string) => readonly string[];
  readonly healthOf: (id: string) => Health | null;
}

type Fits = (container: Container) => boolean;

/**
 * Docker's filters of `ps`. Values of one filter are alternatives (labels must all fit), different filters must all fit.
 *
 * @throws {EngineError} `invalid` for a name or a value that Docker does not have
 */
export function containerFilter(filters: Filters, parts: Parts): Fits {
  assertKnownFilters(filters, KNOWN);
  const tests = [...filters].filter(([, values]) => values.length > 0).map(([name, values]) => testOf(name, values, filters, parts));
  return (container) => tests.every((fits) => fits(container));
}

function testOf(name: string, values: readonly string[], filters: Filters, parts: Parts): Fits {
  switch (name) {
    case 'id':
      return ({ id }) => values.some((prefix) => id.startsWith(prefix));
    case 'name':
      return nameTest(values);
    case 'label':
      return ({ spec }) => hasLabels(spec.process.labels, values);
    case 'status':
      assertAmong('status', 'state', values, STATUSES);
      return ({ state }) => values.includes(state.status);
    case 'health':
      assertAmong('health', 'health', values, HEALTH);
      return ({ id }) => values.includes(parts.healthOf(id)?.status ?? 'none');
    case 'exited':
      return exitedTest(values);
    case 'ancestor':
      return ancestorTest(values, parts);
    case 'before':
    case 'since':
      return timeTest(name, values, parts.records);
    case 'volume':
      return ({ runtime }) => runtime.mounts.some((mount) => values.some((value) => [mount.name, mount.destination, mount.source].includes(value)));
    case 'network':
      return ({ runtime, spec }) => values.some((value) => inNetwork(value, runtime.endpoints, spec.network.mode));
    case 'publish':
    case 'expose':
      return portTest(name, values);
    case 'is-task': {
      const wanted = booleanFilter(filters, name);
      return () => wanted === false;
    }
    default:
      return () => values.some((value) => value === 'default' || value === '');
  }
}

/** Names are regular expressions to Docker, with or without the leading slash; one that is broken finds nothing. */
function nameTest(values: readonly string[]): Fits {
  const patterns = values.flatMap((value) => {
    try {
      return [new RegExp(value)];
    } catch {
      return [];
    }
  });
  return ({ name }) => patterns.some((pattern) => pattern.test(name) || pattern.test(`/${name}`));
}

function assertAmong(name: string, noun: string, values: readonly string[], known: ReadonlySet<string>): void {
  const odd = values.find((value) => !known.has(value));
  if (odd === undefined) return;
  throw new EngineError('invalid', `invalid filter '${name}=${odd}': invalid value for ${noun} (${odd}): must be one of ${[...known].join(', ')}`);
}

function exitedTest(values: readonly string[]): Fits {
  const codes = values.map((value) => {
    if (!/^-?\d+$/.test(value)) throw new EngineError('invalid', `invalid filter 'exited=${value}': strconv.Atoi: parsing "${value}": invalid syntax`);
    return Number(value);
  });
  return ({ state }) => state.status !== 'created' && codes.includes(exitOf(state)?.exitCode ?? NaN);
}

function ancestorTest(values: readonly string[], { findImage, lineageOf }: Parts): Fits {
  const ids = new Set(values.map((value) => findImage(value)?.id).filter((id) => id !== undefined));
  return ({ imageId }) => imageId !== '' && lineageOf(imageId).some((id) => ids.has(id));
}

function timeTest(name: 'before' | 'since', values: readonly string[], records: ContainerRecords): Fits {
  const times = values.map((value) => {
    const found = records.find(value);
    if (!found) throw new EngineError('not-found', `No such container: ${value}`);
    return found.createdAt.getTime();
  });
  return ({ createdAt }) => times.every((time) => (name === 'before' ? createdAt.getTime() < time : createdAt.getTime() > time));
}

function inNetwork(wanted: string, endpoints: Container['runtime']['endpoints'], mode: string): boolean {
  const names = Object.entries(endpoints).flatMap(([name, { networkId }]) => [name, networkId]);
  return names.some((name) => name === wanted || (wanted.length >= 12 && name.startsWith(wanted))) || mode === wanted;
}

/** Docker calls it its own failure. */
function unreadablePort(name: string, value: string, why: string): EngineError {
  return new EngineError('internal', `error while looking up for ${name} ${value}: strconv.ParseUint: parsing "${value}": ${why}`);
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function portTest(name: 'publish' | 'expose', values: readonly string[]): Fits {
  const wanted = values.map((value) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value);
    if (!match) throw unreadablePort(name, value, 'invalid syntax');
    const [, from, to = from, protocol = 'tcp'] = match;
    if (Number(to) > 65_535) throw unreadablePort(name, value, 'value out of range');
    return { from: Number(from), to: Number(to), protocol };
  });
  const fits = (port: number, protocol: string): boolean =>
    wanted.some((one) => one.protocol === protocol && port >= one.from && port <= one.to);
  return ({ spec, runtime }) => {
    if (name === 'expose') return spec.process.exposedPorts.some((text) => fits(Number(text.split('/')[0]), text.split('/')[1] ?? 'tcp'));
    return Object.entries(runtime.ports).some(([text, hosts]) => (hosts ?? []).some(({ hostPort }) => fits(hostPort, text.split('/')[1] ?? 'tcp')));
  };
}
