import type { NetfilterSocket, Request } from './netlink.ts';
import { attribute, nested, NLM, parseAttributes, textAttribute } from './netlink-message.ts';

/**
 * Elements of nftables maps and the ruleset's generation, without starting `nft`: what happens at every start of a
 * container. All other changes go through `runNft`.
 *
 * @see https://wiki.nftables.org/wiki-nftables/index.php/Portal:DeveloperDocs/nftables_internals
 */

const SUBSYSTEM = 10;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
const NEW_SET_ELEMENT = (SUBSYSTEM << 8) | 12;
const DELETE_SET_ELEMENT = (SUBSYSTEM << 8) | 14;
const GET_GENERATION = (SUBSYSTEM << 8) | 16;
const LIST = { table: 1, set: 2, elements: 3 } as const;
const ELEMENT = { key: 1, data: 2 } as const;
const DATA_VALUE = 1;
const LIST_ELEMENT = 1;
const GENERATION_ID = 1;
/** An attribute's length has 16 bits: so many elements of ours fit in one message. */
const ELEMENTS_PER_MESSAGE = 500;

/** Key and value as the kernel keeps them: each part of a concatenation padded to four bytes (`concatenation`). */
export interface MapElement {
  readonly map: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface MapChange {
  readonly table: string;
  readonly add?: readonly MapElement[];
  readonly remove?: readonly MapElement[];
}

/**
 * Changes maps of an `ip` table in one transaction: all of it, or nothing and an exception.
 *
 * @throws `ENOENT` when the table, a map, or an element to remove is not there; `EEXIST` when a key has another value
 */
export function changeMaps(socket: NetfilterSocket, { table, add = [], remove = [] }: MapChange): void {
  const changes = [
    ...requests(table, remove, DELETE_SET_ELEMENT, 0),
    ...requests(table, add, NEW_SET_ELEMENT, NLM.create | NLM.excl),
  ];
  if (changes.length === 0) return;
  socket.transact({ type: BATCH_BEGIN, flags: 0, body: header(0, SUBSYSTEM) }, changes, { type: BATCH_END, flags: 0, body: header(0, SUBSYSTEM) }, `change maps of table ${table}`);
}

function requests(table: string, elements: readonly MapElement[], type: number, flags: number): readonly Request[] {
  const byMap = Map.groupBy(elements, ({ map }) => map);
  return [...byMap].flatMap(([map, all]) =>
    Array.from({ length: Math.ceil(all.length / ELEMENTS_PER_MESSAGE) }, (_, page) => {
      const some = all.slice(page * ELEMENTS_PER_MESSAGE, (page + 1) * ELEMENTS_PER_MESSAGE);
      const list = nested(LIST.elements, ...some.map((element) => elementAttribute(element, type === NEW_SET_ELEMENT)));
      return { type, flags, body: Buffer.concat([header(AF_INET, 0), textAttribute(LIST.table, table), textAttribute(LIST.set, map), list]) };
    }),
  );
}

const AF_INET = 2;

function elementAttribute({ key, value }: MapElement, withValue: boolean): Buffer {
  const parts = [nested(ELEMENT.key, attribute(DATA_VALUE, key))];
  if (withValue) parts.push(nested(ELEMENT.data, attribute(DATA_VALUE, value)));
  return nested(LIST_ELEMENT, ...parts);
}

/** struct nfgenmsg: family, version, resource in network order. */
function header(family: number, resource: number): Buffer {
  return Buffer.from([family, 0, resource >> 8, resource & 0xff]);
}

/** Parts side by side, each filled up to four bytes. */
export function concatenation(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)])));
}

/** A number that changes with every change of this namespace's ruleset, whoever makes it. */
export function rulesetGeneration(socket: NetfilterSocket): number {
  const [answer] = socket.ask(GET_GENERATION, 0, header(0, 0), 'read the ruleset generation');
  return answer === undefined ? 0 : (parseAttributes(answer.body.subarray(4)).get(GENERATION_ID)?.readUInt32BE() ?? 0);
}
