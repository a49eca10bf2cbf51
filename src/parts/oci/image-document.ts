import { parseDigest, type Digest } from './digest.ts';
import type { Healthcheck, ImageRunConfig } from './image-config.ts';
import { JsonFields } from './json-fields.ts';

/** An image's configuration file: what it is, how to run it, what it is made of. Its digest is the image's id. */
export interface ImageDocument {
  readonly architecture: string;
  readonly variant: string;
  readonly os: string;
  readonly osVersion: string;
  readonly createdAt: Date | null;
  readonly author: string;
  readonly comment: string;
  readonly config: ImageRunConfig;
  /** Lowest first. */
  readonly diffIds: readonly Digest[];
  /** Oldest first. */
  readonly history: readonly DocumentHistory[];
}

export interface DocumentHistory {
  readonly createdAt: Date | null;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  readonly emptyLayer: boolean;
}

/** Says nothing. */
export const EMPTY_RUN_CONFIG: ImageRunConfig = {
  user: '', env: [], entrypoint: null, cmd: null, workingDir: '', labels: {}, exposedPorts: [], volumes: [],
  stopSignal: null, healthcheck: null, shell: null, onBuild: null, argsEscaped: false,
};

/**
 * Reads a configuration file, OCI's or Docker's.
 *
 * @throws {EngineError} `invalid` where it is not one, naming the field
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function parseImageDocument(bytes: Uint8Array): ImageDocument {
  const fields = JsonFields.parse('image configuration', bytes);
  const rootfs = fields.object('rootfs');
  if (!rootfs) throw fields.invalid('rootfs is missing: it is no image, or older than Docker 1.10');
  const type = rootfs.string('type');
  if (type !== 'layers' && type !== '') throw rootfs.invalid(`type ${type} is not supported`);
  const config = fields.object('config');
  return {
    architecture: fields.string('architecture'),
    variant: fields.string('variant'),
    os: fields.string('os'),
    osVersion: fields.string('os.version'),
    createdAt: timeOf(fields, 'created'),
    author: fields.string('author'),
    comment: fields.string('comment'),
    config: config ? readRunConfig(config) : EMPTY_RUN_CONFIG,
    diffIds: (rootfs.strings('diff_ids') ?? []).map(parseDigest),
    history: fields.objects('history').map((entry) => ({
      createdAt: timeOf(entry, 'created'),
      createdBy: entry.string('created_by'),
      author: entry.string('author'),
      comment: entry.string('comment'),
      emptyLayer: entry.flag('empty_layer'),
    })),
  };
}

/** The file, with the fields in the order in which Docker writes them. */
export function imageDocumentBytes(document: ImageDocument): Buffer {
  const { architecture, variant, os, osVersion, author, comment } = document;
  return Buffer.from(
    JSON.stringify({
      architecture,
      ...(author && { author }),
      ...(comment && { comment }),
      config: runConfigJson(document.config),
      ...(document.createdAt && { created: document.createdAt.toISOString() }),
      history: document.history.map(historyJson),
      os,
      ...(osVersion && { 'os.version': osVersion }),
      rootfs: { type: 'layers', diff_ids: document.diffIds },
      ...(variant && { variant }),
    }),
  );
}

function historyJson(entry: DocumentHistory): Record<string, unknown> {
  return {
    ...(entry.createdAt && { created: entry.createdAt.toISOString() }),
    ...(entry.createdBy && { created_by: entry.createdBy }),
    ...(entry.author && { author: entry.author }),
    ...(entry.comment && { comment: entry.comment }),
    ...(entry.emptyLayer && { empty_layer: true }),
  };
}

function readRunConfig(fields: JsonFields): ImageRunConfig {
  const health = fields.object('Healthcheck');
  return {
    user: fields.string('User'),
    env: fields.strings('Env') ?? [],
    entrypoint: fields.strings('Entrypoint'),
    cmd: fields.strings('Cmd'),
    workingDir: fields.string('WorkingDir'),
    labels: fields.stringMap('Labels'),
    exposedPorts: fields.keys('ExposedPorts'),
    volumes: fields.keys('Volumes'),
    stopSignal: fields.string('StopSignal') || null,
    healthcheck: health ? readHealthcheck(health) : null,
    shell: fields.strings('Shell'),
    onBuild: fields.strings('OnBuild'),
    argsEscaped: fields.flag('ArgsEscaped'),
  };
}

function readHealthcheck(fields: JsonFields): Healthcheck {
  return {
    test: fields.strings('Test') ?? [],
    intervalNs: fields.integer('Interval'),
    timeoutNs: fields.integer('Timeout'),
    startPeriodNs: fields.integer('StartPeriod'),
    startIntervalNs: fields.integer('StartInterval'),
    retries: fields.integer('Retries'),
  };
}

/** The `config` member; what is not set is left out. */
export function runConfigJson(config: ImageRunConfig): Record<string, unknown> {
  const { healthcheck } = config;
  const set = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]));
  const nonEmpty = (list: readonly string[] | null): boolean => list !== null && list.length > 0;
  return {
    ...(config.user && { User: config.user }),
    ...(config.exposedPorts.length > 0 && { ExposedPorts: set(config.exposedPorts) }),
    ...(config.env.length > 0 && { Env: config.env }),
    ...(config.entrypoint && { Entrypoint: config.entrypoint }),
    ...(config.cmd && { Cmd: config.cmd }),
    ...(healthcheck && { Healthcheck: healthcheckJson(healthcheck) }),
    ...(config.argsEscaped && { ArgsEscaped: true }),
    ...(config.volumes.length > 0 && { Volumes: set(config.volumes) }),
    ...(config.workingDir && { WorkingDir: config.workingDir }),
    ...(nonEmpty(config.onBuild) && { OnBuild: config.onBuild }),
    ...(Object.keys(config.labels).length > 0 && { Labels: config.labels }),
    ...(config.stopSignal && { StopSignal: config.stopSignal }),
    ...(nonEmpty(config.shell) && { Shell: config.shell }),
  };
}

function healthcheckJson(health: Healthcheck): Record<string, unknown> {
  return {
    ...(health.test.length > 0 && { Test: health.test }),
    ...(health.intervalNs !== 0 && { Interval: health.intervalNs }),
    ...(health.timeoutNs !== 0 && { Timeout: health.timeoutNs }),
    ...(health.startPeriodNs !== 0 && { StartPeriod: health.startPeriodNs }),
    ...(health.startIntervalNs !== 0 && { StartInterval: health.startIntervalNs }),
    ...(health.retries !== 0 && { Retries: health.retries }),
  };
}

/** Go's zero time stands for none, as does a text that is no time. */
function timeOf(fields: JsonFields, name: string): Date | null {
  const text = fields.string(name);
  if (text === '' || text.startsWith('0001-01-01T00:00:00')) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}
