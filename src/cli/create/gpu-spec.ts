import type { DeviceRequestConfig } from '#protocol/host-config.ts';
import { csvFields } from '../flags/csv.ts';
import { FlagValueError } from '../flags/numbers.ts';
import { pairsOf } from './key-values.ts';

/** `--gpus all`, `--gpus 2`, `--gpus '"device=0,1",capabilities=utility'`. */
export function parseGpus(value: string): DeviceRequestConfig {
  const request: { -readonly [K in keyof DeviceRequestConfig]: DeviceRequestConfig[K] } = { Driver: '', Count: 0, DeviceIDs: null, Capabilities: [['gpu']], Options: {} };
  const seen = new Set<string>();
  for (const field of csvFields(value)) {
    const equals = field.indexOf('=');
    const key = equals === -1 ? field : field.slice(0, equals);
    const text = field.slice(equals + 1);
    if (seen.has(key)) throw new FlagValueError(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (equals === -1) {
      seen.add('count');
      request.Count = count(key);
    } else if (key === 'driver') request.Driver = text;
    else if (key === 'count') request.Count = count(text);
    else if (key === 'device') request.DeviceIDs = text.split(',');
    else if (key === 'capabilities') request.Capabilities = [[...text.split(','), 'gpu']];
    else if (key === 'options') request.Options = pairsOf(csvFields(text));
    else throw new FlagValueError(`unexpected key '${key}' in '${field}'`);
  }
  if (!seen.has('count') && request.DeviceIDs === null) request.Count = 1;
  return request;
}

function count(text: string): number {
  if (text === 'all') return -1;
  if (!/^[+-]?[0-9]+$/.test(text)) throw new FlagValueError(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  return Number(text);
}
