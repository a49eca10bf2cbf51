import { EngineError } from '#base/errors.ts';
import type { EntryType } from './entry.ts';

export const BLOCK_BYTES = 512;

/** One header block as it stands, before long names and PAX records are applied. */
export interface RawHeader {
  /** The type's letter: `0`, `5`, `L`, `x`, … */
  readonly flag: string;
  readonly path: string;
  readonly linkPath: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly seconds: number;
  readonly major: number;
  readonly minor: number;
}

const TYPE_OF: Readonly<Record<string, EntryType>> = {
  '0': 'file', '\0': 'file', '7': 'file', '1': 'link', '2': 'symlink', '3': 'character', '4': 'block', '5': 'directory', '6': 'fifo',
};

/** undefined for what is no file system entry (long names, PAX records) or unknown. */
export function typeOfFlag(flag: string): EntryType | undefined {
  return TYPE_OF[flag];
}

/**
 * Reads a header of any of the formats in use: v7, ustar, PAX, GNU.
 *
 * @returns undefined for a block of zeros, which ends an archive
 * @throws {EngineError} `invalid`: `archive/tar: invalid tar header`, as Go's reader says
 */
export function readHeader(block: Buffer): RawHeader | undefined {
  const { unsigned, signed } = checksums(block);
  if (unsigned === SPACES && block[148] === 0) {
    if (block.every((byte) => byte === 0)) return undefined;
  }
  const written = number(block, 148, 8);
  if (written !== unsigned && written !== signed) throw invalidHeader();
  const isGnu = block.toString('latin1', 257, 265) === 'ustar  \0';
  const isUstar = !isGnu && block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const flag = String.fromCharCode(block[156] ?? 0);
  const hasDevice = (isGnu || isUstar) && (flag === '3' || flag === '4');
  return {
    flag,
    path: prefix ? `${prefix}/${name}` : name,
    linkPath: text(block, 157, 100),
    mode: number(block, 100, 8) & 0o7777,
    uid: identity(number(block, 108, 8)),
    gid: identity(number(block, 116, 8)),
    sizeBytes: size(number(block, 124, 12)),
    seconds: number(block, 136, 12),
    major: hasDevice ? number(block, 329, 8) : 0,
    minor: hasDevice ? number(block, 337, 8) : 0,
  };
}

export function invalidHeader(): EngineError {
  return new EngineError('invalid', 'archive/tar: invalid tar header');
}

/** @throws {EngineError} `invalid` below 0 and above what a number holds exactly */
export function size(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw invalidHeader();
  return value;
}

/** A user's or group's number. @throws {EngineError} `invalid` where the kernel has no such number */
export function identity(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xfffffffe) throw invalidHeader();
  return value;
}

/** Eight spaces: what the checksum's own field counts as. */
const SPACES = 8 * 32;

function checksums(block: Buffer): { unsigned: number; signed: number } {
  let unsigned = SPACES;
  let high = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    if (index >= 148 && index < 156) continue;
    const byte = block[index] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString('latin1', start, end < 0 || end > start + length ? start + length : end);
}

/** Octal digits among spaces and NULs, or GNU's base 256. */
function number(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if (first & 0x80) return base256(block.subarray(start, start + length));
  let value = 0;
  let started = false;
  for (let index = start; index < start + length; index++) {
    const byte = block[index] as number;
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      started = true;
    } else if (byte === 0 || (byte === 0x20 && started)) {
      break;
    } else if (byte !== 0x20) {
      throw invalidHeader();
    }
  }
  return value;
}

function base256(field: Buffer): number {
  const negative = ((field[0] ?? 0) & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  field.forEach((byte, index) => {
    value = (value << 8n) | BigInt(index === 0 && !negative ? byte & 0x7f : byte);
  });
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw invalidHeader();
  return result;
}
