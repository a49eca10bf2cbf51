/** A moment as fluentd's EventTime; `nanoseconds` undefined is whole seconds, written as an integer. */
export interface EventTime {
  readonly seconds: number;
  readonly nanoseconds: number | undefined;
}

export type Packable = string | number | EventTime | readonly Packable[] | ReadonlyMap<string, Packable>;

/**
 * The part of MessagePack that the forward protocol needs; a package for it would bring a hundred times as much.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function pack(value: Packable): Buffer {
  const parts: Buffer[] = [];
  put(value, parts);
  return Buffer.concat(parts);
}

function put(value: Packable, parts: Buffer[]): void {
  if (typeof value === 'string') putText(value, parts);
  else if (typeof value === 'number') parts.push(sized(0xce, 4, value));
  else if (value instanceof Map) {
    parts.push(value.size < 16 ? Buffer.of(0x80 | value.size) : sized(0xde, 2, value.size));
    for (const [key, one] of value) {
      putText(key, parts);
      put(one as Packable, parts);
    }
  } else if (Array.isArray(value)) {
    parts.push(value.length < 16 ? Buffer.of(0x90 | value.length) : sized(0xdd, 4, value.length));
    for (const one of value as readonly Packable[]) put(one, parts);
  } else putTime(value as EventTime, parts);
}

function putText(text: string, parts: Buffer[]): void {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  parts.push(length < 32 ? Buffer.of(0xa0 | length) : length < 256 ? Buffer.of(0xd9, length) : length < 65_536 ? sized(0xda, 2, length) : sized(0xdb, 4, length), bytes);
}

function putTime({ seconds, nanoseconds }: EventTime, parts: Buffer[]): void {
  if (nanoseconds === undefined) {
    parts.push(sized(0xce, 4, seconds));
    return;
  }
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE(0xd700);
  bytes.writeUInt32BE(seconds, 2);
  bytes.writeUInt32BE(nanoseconds, 6);
  parts.push(bytes);
}

function sized(type: number, bytes: 2 | 4, value: number): Buffer {
  const head = Buffer.alloc(1 + bytes);
  head[0] = type;
  head.writeUIntBE(value, 1, bytes);
  return head;
}
