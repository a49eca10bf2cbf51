import { containerStructs } from './container-structs.ts';
import { imageStructs } from './image-structs.ts';
import { nounStructs } from './noun-structs.ts';
import { systemStructs } from './system-structs.ts';

/** One field of a Go struct. */
export interface Field {
  readonly name: string;
  /** Its key in JSON; empty where it has none. */
  readonly key: string;
  readonly type: string;
  /** Left out of JSON where it is empty. */
  readonly omitsEmpty: boolean;
  /** Its own fields stand among those of the struct around it. */
  readonly embedded: boolean;
}

const sources: Readonly<Record<string, string>> = { ...containerStructs, ...imageStructs, ...nounStructs, ...systemStructs };
const parsed = new Map<string, readonly Field[]>();

/**
 * The fields of a Go struct, in order; undefined where the type is none that is known.
 *
 * A struct is written as `Name/key type, …`: the key is left out where it is the name, the type where it is string;
 * `/-` is a field without a key; a `?` says that JSON leaves it out where it is empty; `+type Name` is embedded.
 */
export function fieldsOf(type: string): readonly Field[] | undefined {
  const known = parsed.get(type);
  if (known !== undefined || !Object.hasOwn(sources, type)) return known;
  const fields = sources[type]!.split(',').map((text) => text.trim()).filter((text) => text !== '').map(parseField);
  parsed.set(type, fields);
  return fields;
}

function parseField(text: string): Field {
  if (text.startsWith('+')) {
    const [type = '', name = ''] = text.slice(1).split(/\s+/);
    return { name, key: '', type, embedded: true, omitsEmpty: false };
  }
  const [path = '', type = 'string'] = text.split(/\s+/);
  const [name = '', key = name] = path.replace('?', '').split('/');
  return { name, key: key === '-' ? '' : key, type, embedded: false, omitsEmpty: path.endsWith('?') };
}
