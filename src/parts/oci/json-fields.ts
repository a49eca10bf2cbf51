import { EngineError } from '#base/errors.ts';

/** A JSON object from outside, of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Manifests, indexes and configurations larger than this are refused, as registries and containerd do. */
export const MAX_DOCUMENT_BYTES: number = 4 * 1024 * 1024;

/** Reads typed fields of one document, and names document and field in what it throws (EngineError `invalid`). */
export class JsonFields {
  readonly #what: string;
  readonly #object: JsonObject;

  constructor(what: string, object: JsonObject) {
    this.#what = what;
    this.#object = object;
  }

  /** Parses a whole document of at most MAX_DOCUMENT_BYTES. */
  static parse(what: string, bytes: Uint8Array): JsonFields {
    if (bytes.length > MAX_DOCUMENT_BYTES) throw new EngineError('invalid', `invalid ${what}: larger than ${MAX_DOCUMENT_BYTES} bytes`);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (thrown) {
      throw new EngineError('invalid', `invalid ${what}: not JSON`, { cause: thrown });
    }
    if (!isObject(value)) throw new EngineError('invalid', `invalid ${what}: not a JSON object`);
    return new JsonFields(what, value);
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  string(name: string): string {
    const value = this.#value(name) ?? '';
    if (typeof value !== 'string') throw this.#wrong(name, 'a string');
    return value;
  }

  /** A whole number from 0 up; undefined where absent. */
  count(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.#wrong(name, 'a number from 0 up');
    return value;
  }

  integer(name: string): number {
    const value = this.#value(name) ?? 0;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(name, 'a number');
    return Math.trunc(value);
  }

  flag(name: string): boolean {
    const value = this.#value(name) ?? false;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false');
    return value;
  }

  strings(name: string): readonly string[] | null {
    const value = this.#value(name) ?? null;
    if (value === null) return null;
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw this.#wrong(name, 'a list of strings');
    return value;
  }

  /** A map of strings; empty where absent. */
  stringMap(name: string): Readonly<Record<string, string>> {
    const value = this.#value(name) ?? {};
    if (!isObject(value) || !Object.values(value).every((item) => typeof item === 'string')) throw this.#wrong(name, 'a map of strings');
    return { ...value } as Record<string, string>;
  }

  /** The names in a map whose values do not matter, sorted (Go's `map[string]struct{}`). */
  keys(name: string): readonly string[] {
    const value = this.#value(name) ?? {};
    if (!isObject(value)) throw this.#wrong(name, 'a map');
    return Object.keys(value).toSorted();
  }

  object(name: string): JsonFields | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#wrong(name, 'an object');
    return new JsonFields(`${this.#what}: ${name}`, value);
  }

  objects(name: string): readonly JsonFields[] {
    const value = this.#value(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value.map((item: unknown, index) => {
      if (!isObject(item)) throw this.#wrong(`${name}[${index}]`, 'an object');
      return new JsonFields(`${this.#what}: ${name}[${index}]`, item);
    });
  }

  /** A failure of this document that the caller has found. */
  invalid(reason: string): EngineError {
    return new EngineError('invalid', `invalid ${this.#what}: ${reason}`);
  }

  // Go's JSON reader takes null for "not there"; so do the writers of image documents.
  #value(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  #wrong(name: string, wanted: string): EngineError {
    return this.invalid(`${name} is not ${wanted}`);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
