import { resolve } from 'node:path';
import type { MountConfig } from '#protocol/host-config.ts';
import { csvFields } from '../flags/csv.ts';
import { FlagValueError, parseBool } from '../flags/numbers.ts';
import { parseBinarySize } from '../format/units.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Options<K extends 'BindOptions' | 'VolumeOptions' | 'ImageOptions' | 'TmpfsOptions'> = Writable<NonNullable<MountConfig[K]>>;

/** What a `--mount` has gathered so far. */
interface Draft {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind?: Options<'BindOptions'>;
  volume?: Options<'VolumeOptions'>;
  driver: { Name?: string; Options?: Record<string, string> };
  labels: Record<string, string>;
  image?: Options<'ImageOptions'>;
  tmpfs?: Options<'TmpfsOptions'>;
}

/** Fields that stand for `true` where they have no value. */
const SWITCHES: ReadonlySet<string> = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

/** One field of `--mount`, by its name. */
const FIELDS: Readonly<Record<string, (draft: Draft, value: string, key: string) => void>> = {
  type: (draft, value) => void (draft.type = value.toLowerCase()),
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadOnly,
  ro: setReadOnly,
  consistency: (draft, value) => void (draft.consistency = value.toLowerCase()),
  'bind-propagation': (draft, value) => void ((draft.bind ??= {}).Propagation = value.toLowerCase()),
  'bind-nonrecursive': (draft, value, key) => void ((draft.bind ??= {}).NonRecursive = truth(key, value)),
  'bind-recursive': setRecursive,
  'volume-subpath': (draft, value) => void ((draft.volume ??= {}).Subpath = value),
  'volume-nocopy': (draft, value, key) => void ((draft.volume ??= {}).NoCopy = truth(key, value)),
  'volume-label': (draft, value) => setPair(draft.labels, value, (draft.volume ??= {})),
  'volume-driver': (draft, value) => {
    draft.volume ??= {};
    draft.driver.Name = value;
  },
  'volume-opt': (draft, value) => setPair((draft.driver.Options ??= {}), value, (draft.volume ??= {})),
  'image-subpath': (draft, value) => void ((draft.image ??= {}).Subpath = value),
  'tmpfs-size': (draft, value, key) => void ((draft.tmpfs ??= {}).SizeBytes = understood(key, value, () => parseBinarySize(value))),
  'tmpfs-mode': (draft, value, key) => void ((draft.tmpfs ??= {}).Mode = understood(key, value, () => octal(value))),
};

/** `--mount type=bind,source=/a,target=/b,readonly`, as the API takes it. */
export function parseMount(value: string): MountConfig {
  const draft: Draft = { type: 'volume', source: '', target: '', readOnly: false, consistency: '', driver: {}, labels: {} };
  for (const field of csvFields(value)) {
    const equals = field.indexOf('=');
    const key = equals === -1 ? field : field.slice(0, equals);
    if (equals === -1 && !SWITCHES.has(key)) throw new FlagValueError(`invalid field '${field}' must be a key=value pair`);
    const set = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    if (set === undefined) throw new FlagValueError(`unexpected key '${key}' in '${field}'`);
    set(draft, equals === -1 ? 'true' : field.slice(equals + 1), key);
  }
  checkDraft(draft);
  return finished(draft);
}

function checkDraft(draft: Draft): void {
  if (draft.type === '') throw new FlagValueError('type is required');
  if (draft.volume !== undefined && draft.type !== 'volume') throw mixed('volume', draft.type);
  if (draft.bind !== undefined && draft.type !== 'bind') throw mixed('bind', draft.type);
  if (draft.image !== undefined && draft.type !== 'image') throw mixed('image', draft.type);
  if (draft.tmpfs !== undefined && draft.type !== 'tmpfs') throw mixed('tmpfs', draft.type);
  if (draft.target === '') throw new FlagValueError('target is required');
  if (draft.bind?.ReadOnlyNonRecursive === true && !draft.readOnly) throw new FlagValueError('option \'bind-recursive=writable\' requires \'readonly\' to be specified in conjunction');
  if (draft.bind?.ReadOnlyForceRecursive === true) {
    if (!draft.readOnly) throw new FlagValueError('option \'bind-recursive=readonly\' requires \'readonly\' to be specified in conjunction');
    if (draft.bind.Propagation !== 'rprivate') throw new FlagValueError('option \'bind-recursive=readonly\' requires \'bind-propagation=rprivate\' to be specified in conjunction');
  }
}

/** Leaves out what Go leaves out of its JSON: everything that has no value. */
function finished(draft: Draft): MountConfig {
  const { bind, image, tmpfs } = draft;
  return {
    Type: draft.type,
    ...(draft.source === '' ? {} : { Source: draft.source }),
    Target: draft.target,
    ...(draft.readOnly ? { ReadOnly: true } : {}),
    ...(draft.consistency === '' ? {} : { Consistency: draft.consistency }),
    ...(bind === undefined ? {} : { BindOptions: withValues(bind) }),
    ...(draft.volume === undefined ? {} : { VolumeOptions: volumeOptions(draft) }),
    ...(image === undefined ? {} : { ImageOptions: withValues(image) }),
    ...(tmpfs === undefined ? {} : { TmpfsOptions: withValues(tmpfs) }),
  };
}

function volumeOptions(draft: Draft): NonNullable<MountConfig['VolumeOptions']> {
  const labels = Object.keys(draft.labels).length === 0 ? {} : { Labels: draft.labels };
  return { ...withValues(draft.volume ?? {}), ...labels, DriverConfig: withValues(draft.driver) };
}

function withValues<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => Boolean(value))) as T;
}

function setSource(draft: Draft, value: string): void {
  draft.source = value === '.' || value.startsWith('./') ? resolve(value) : value;
}

function setTarget(draft: Draft, value: string): void {
  draft.target = value;
}

function setReadOnly(draft: Draft, value: string, key: string): void {
  draft.readOnly = truth(key, value);
}

function setRecursive(draft: Draft, value: string, key: string): void {
  const bind = (draft.bind ??= {});
  if (value === 'disabled') bind.NonRecursive = true;
  else if (value === 'writable') bind.ReadOnlyNonRecursive = true;
  else if (value === 'readonly') bind.ReadOnlyForceRecursive = true;
  else if (value !== 'enabled') throw new FlagValueError(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
}

function setPair(map: Record<string, string>, text: string, _options: object): void {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  if (name !== '') map[name] = equals === -1 ? '' : text.slice(equals + 1);
}

function truth(key: string, value: string): boolean {
  return understood(key, value, () => parseBool(value));
}

function octal(value: string): number {
  if (!/^[0-7]+$/.test(value)) throw new FlagValueError('invalid syntax');
  return Number.parseInt(value, 8);
}

function understood<T>(key: string, value: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new FlagValueError(`invalid value for ${key}: ${value}`);
  }
}

function mixed(kind: string, type: string): FlagValueError {
  return new FlagValueError(`cannot mix '${kind}-*' options with mount type '${type}'`);
}
