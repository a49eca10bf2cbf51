/** One line of `GET /events`. */
export interface EventMessage {
  /** These three went away in API 1.52. */
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local' | 'swarm';
  /** Unix seconds. */
  readonly time: number;
  /** The same in nanoseconds: more than a JavaScript number holds. */
  readonly timeNano: bigint;
}

/** The line without its newline. `timeNano` is written digit for digit. */
export function formatEvent(event: EventMessage): string {
  const { timeNano, ...rest } = event;
  return `${JSON.stringify(rest).slice(0, -1)},"timeNano":${timeNano}}`;
}

/** Reads a line of the stream; the digits of `timeNano` are kept.
 * @throws {SyntaxError} where it is not JSON */
export function parseEvent(line: string): EventMessage {
  const digits = /"timeNano":(\d+)\}\s*$/.exec(line)?.[1];
  const event = JSON.parse(line) as Omit<EventMessage, 'timeNano'> & { timeNano?: number };
  return { ...event, timeNano: BigInt(digits ?? Math.trunc(event.timeNano ?? 0)) };
}
