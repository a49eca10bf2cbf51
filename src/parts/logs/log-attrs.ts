import { EngineError } from '#base/errors.ts';
import { FAILED, type LogOptions } from './log-settings.ts';

/** What the options `labels`, `env` and `tag` choose from. */
export interface LogSubject {
  readonly id: string;
  /** Without a slash. */
  readonly name: string;
  readonly imageId: string;
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value` each. */
  readonly env: readonly string[];
}

/**
 * The attributes that go into every line, as the JSON object Go would write: keys in order; null where there are none.
 *
 * @throws {EngineError} `internal` for a tag or a pattern that cannot be read, as with Docker at the start
 */
export function logAttrs(options: LogOptions, subject: LogSubject): string | null {
  const chosen = extraAttributes(options, subject);
  const tag = options['tag'];
  if (tag) chosen.set('tag', renderTag(tag, subject));
  if (chosen.size === 0) return null;
  const sorted = [...chosen].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, value]) => `${goString(key)}:${goString(value)}`).join(',')}}`;
}

/** What `labels`, `labels-regex`, `env` and `env-regex` choose. */
export function extraAttributes(options: LogOptions, subject: LogSubject): Map<string, string> {
  const env = Object.fromEntries(subject.env.filter((pair) => pair.includes('=')).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return new Map<string, string>([
    ...chosenOf(subject.labels, options['labels'], options['labels-regex']),
    ...chosenOf(env, options['env'], options['env-regex']),
  ]);
}

function chosenOf(values: Readonly<Record<string, string>>, names: string | undefined, pattern: string | undefined): [string, string][] {
  const wanted = new Set(names?.split(',') ?? []);
  const matches = pattern ? compiled(pattern) : undefined;
  return Object.entries(values).filter(([name]) => wanted.has(name) || matches?.test(name));
}

const GO_WORDS: Readonly<Record<string, string>> = {
  'Unterminated group': 'missing closing )',
  "Unmatched ')'": 'unexpected )',
  'Unterminated character class': 'missing closing ]',
  'Nothing to repeat': 'missing argument to repetition operator',
};

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (thrown) {
    const reason = /: ([^:]*)$/.exec((thrown as Error).message)?.[1] ?? 'invalid';
    throw new EngineError('internal', `${FAILED}error parsing regexp: ${GO_WORDS[reason] ?? reason.toLowerCase()}: \`${pattern}\``);
  }
}

/** moby daemon/logger/loggerutils/log_tag.go: a template over logger.Info, of which the fields and methods without arguments are here. */
export function renderTag(template: string, subject: LogSubject): string {
  const fields: Readonly<Record<string, string>> = {
    ID: subject.id.slice(0, 12),
    FullID: subject.id,
    Name: subject.name,
    ImageID: subject.imageId.replace('sha256:', '').slice(0, 12),
    ImageFullID: subject.imageId,
    ImageName: subject.imageName,
    DaemonName: 'onggi',
  };
  const rest = template.replace(/\{\{.*?\}\}/gs, '');
  if (rest.includes('{{')) throw new EngineError('internal', `${FAILED}template: log-tag:1: unclosed action`);
  return template.replace(/\{\{(.*?)\}\}/gs, (whole, inner: string, offset: number) => {
    const name = /^-?\s*\.(\w+)\s*-?$/.exec(inner)?.[1];
    const value = name !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value !== undefined) return value;
    const at = `template: log-tag:1:${offset + 2}: `;
    if (name === undefined) throw new EngineError('internal', `${FAILED}${at}only fields such as {{.Name}} are understood, not ${JSON.stringify(whole)}`);
    throw new EngineError('internal', `${FAILED}${at}executing "log-tag" at <.${name}>: can't evaluate field ${name} in type *logger.Info`);
  });
}

/** A JSON string with the escapes of Go's encoder. */
function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
