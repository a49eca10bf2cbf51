/** What Go knows of a list or a map, and JavaScript does not. */
export interface Typing {
  /** `[]string`, `map[string]string`. */
  readonly type: string;
  /** Empty everywhere but in JSON, where it is `null`. */
  readonly isNil: boolean;
  /** A map's type of keys. */
  readonly key?: string;
  /** What a map answers to `index` for a key that it lacks. */
  readonly zero?: () => unknown;
}

const typings = new WeakMap<object, Typing>();

/** Gives a list or a map its Go type. */
export function typed<T extends object>(value: T, typing: Typing): T {
  typings.set(value, typing);
  return value;
}

export function typingOf(value: unknown): Typing | undefined {
  return typeof value === 'object' && value !== null ? typings.get(value) : undefined;
}
