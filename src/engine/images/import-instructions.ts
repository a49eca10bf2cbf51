import { EngineError } from '#base/errors.ts';
import type { Healthcheck } from '#parts/oci/image-config.ts';
import { jsonWords } from './instruction-words.ts';

/**
 * `80`, `80/udp`, `8000-8010/tcp`: the ports in Docker's form.
 *
 * @throws {EngineError} `invalid`: `Invalid containerPort: x`
 */
export function parseExpose(text: string): readonly string[] {
  const [range = '', protocol = 'tcp', ...more] = text.toLowerCase().split('/');
  const invalid = (): EngineError => new EngineError('invalid', `Invalid containerPort: ${range}`);
  const [, first = '', last = first] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(range) ?? [];
  if (first === '' || more.length > 0 || Number(last) > 65535 || Number(last) < Number(first)) throw invalid();
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') throw new EngineError('invalid', `invalid proto: ${protocol}`);
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${Number(first) + index}/${protocol}`);
}

const UNIT_NS: Readonly<Record<string, number>> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };
const DURATIONS = { interval: 'intervalNs', timeout: 'timeoutNs', 'start-period': 'startPeriodNs', 'start-interval': 'startIntervalNs' } as const;

/** `NONE`, or `[--interval=30s …] CMD command`. @throws {EngineError} `invalid` in Docker's words */
export function parseHealthcheck(text: string): Healthcheck {
  const health: { -readonly [Key in keyof Healthcheck]: Healthcheck[Key] } = { test: [], intervalNs: 0, timeoutNs: 0, startPeriodNs: 0, startIntervalNs: 0, retries: 0 };
  let rest = text;
  for (let flag = FLAG.exec(rest); flag; flag = FLAG.exec(rest)) {
    const [whole, name = '', value = ''] = flag;
    rest = rest.slice(whole.length);
    if (name === 'retries') health.retries = retriesOf(value);
    else if (Object.hasOwn(DURATIONS, name)) health[DURATIONS[name as keyof typeof DURATIONS]] = durationNs(name, value);
    else throw new EngineError('invalid', `Unknown flag: ${name}`);
  }
  const [, type = '', command = ''] = /^(\S+)\s*(.*)$/s.exec(rest) ?? [];
  if (type.toUpperCase() === 'NONE') {
    if (command !== '') throw new EngineError('invalid', 'HEALTHCHECK NONE takes no arguments');
    return { ...health, test: ['NONE'] };
  }
  if (type.toUpperCase() !== 'CMD') throw new EngineError('invalid', `Unknown type "${type.toUpperCase()}" in HEALTHCHECK (try CMD)`);
  if (command === '') throw new EngineError('invalid', 'Missing command after HEALTHCHECK CMD');
  const exec = jsonWords(command);
  return { ...health, test: exec ? ['CMD', ...exec] : ['CMD-SHELL', command] };
}

const FLAG = /^--([a-z-]+)=(\S*)\s*/;

function retriesOf(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new EngineError('invalid', `--retries must be a number, not ${JSON.stringify(value)}`);
  return Number(value);
}

function durationNs(name: string, value: string): number {
  if (!/^(?:[0-9]*\.?[0-9]+(?:h|ms|us|ns|m|s))+$/.test(value) && value !== '0') throw new EngineError('invalid', `time: invalid duration ${JSON.stringify(value)}`);
  const sum = [...value.matchAll(/([0-9]*\.?[0-9]+)(h|ms|us|ns|m|s)/g)].reduce((total, [, count, unit]) => total + Number(count) * (UNIT_NS[unit ?? ''] ?? 0), 0);
  if (sum !== 0 && sum < 1e6) throw new EngineError('invalid', `Interval "${name}" cannot be less than 1ms`);
  return Math.round(sum);
}
