import type { LogEntry } from './log-entry.ts';

/**
 * Reads lines of Docker's json-file format: `{"log":"…\n","stream":"stdout"[,"attrs":{…}],"time":"…"}`.
 *
 * Lines that are written exactly so, as dockerd and our shim do, are taken apart by position and unescaped in place;
 * any other form of the same JSON takes the long way. One decoder per log: it remembers the attributes of the line before.
 */
export class LineDecoder {
  #attrsText = '';
  #attrs: Readonly<Record<string, string>> | undefined;
  /** Remembered over lines, so that a chunk without any is searched once. */
  #nextEscape = -1;

  /**
   * Decodes the whole lines of a chunk, which it may change: the entries' bytes live in it. What is no log line is left out.
   *
   * @param end where the last whole line ends, after its newline
   */
  decode(chunk: Buffer, end: number): LogEntry[] {
    const text = chunk.toString('latin1', 0, end);
    const entries: LogEntry[] = [];
    this.#nextEscape = -1;
    for (let start = 0; start < end; ) {
      const stop = text.indexOf('\n', start);
      const entry = this.#quickly(chunk, text, start, stop) ?? this.#slowly(text.slice(start, stop));
      if (entry) entries.push(entry);
      start = stop + 1;
    }
    return entries;
  }

  #quickly(chunk: Buffer, text: string, start: number, stop: number): LogEntry | undefined {
    if (!text.startsWith(BEGIN, start) || !text.startsWith('"}', stop - 2)) return undefined;
    const line = start + BEGIN.length;
    if (this.#nextEscape < line) this.#nextEscape = indexOrEnd(text.indexOf('\\', line));
    const escape = this.#nextEscape;
    if (escape < stop) {
      // The plain case: the newline's own escape is the first one, and the last.
      if (text.startsWith(NEWLINE_THEN_STREAM, escape)) {
        const rest = this.#rest(text, escape + 3, stop);
        if (!rest) return undefined;
        chunk[escape] = 0x0a;
        return entryOf(chunk.subarray(line, escape + 1), rest);
      }
      return this.#escaped(chunk, text, { line, escape, stop });
    }
    const quote = text.indexOf('"', line);
    const rest = this.#rest(text, quote + 1, stop);
    return rest && entryOf(chunk.subarray(line, quote), rest);
  }

  #escaped(chunk: Buffer, text: string, { line, escape, stop }: { line: number; escape: number; stop: number }): LogEntry | undefined {
    const quote = closingQuote(text, escape);
    const rest = quote < stop ? this.#rest(text, quote + 1, stop) : undefined;
    const written = rest && unescape(chunk, text, escape, quote);
    return rest && written !== undefined ? entryOf(chunk.subarray(line, written), rest) : undefined;
  }

  /** The members after the text, from the comma on. */
  #rest(text: string, at: number, stop: number): Rest | undefined {
    const source = text.startsWith(STDOUT, at) ? 'stdout' : text.startsWith(STDERR, at) ? 'stderr' : undefined;
    if (!source) return undefined;
    const time = text.lastIndexOf(TIME, stop);
    const after = at + STDOUT.length;
    const timeText = text.slice(time + TIME.length, stop - 2);
    if (time < after || timeText.length > 40) return undefined;
    if (time === after) return { source, time: timeText, attrs: undefined };
    if (!text.startsWith(',"attrs":{', after)) return undefined;
    const attrs = text.slice(after + 9, time);
    if (attrs !== this.#attrsText) {
      this.#attrs = attrsOf(parsed(utf8(attrs)));
      this.#attrsText = attrs;
    }
    return { source, time: timeText, attrs: this.#attrs };
  }

  #slowly(latin1: string): LogEntry | undefined {
    const { log = '', stream, time, attrs } = parsed(utf8(latin1));
    if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
    if (Number.isNaN(Date.parse(time))) return undefined;
    return { source: stream, time, line: Buffer.from(log), attrs: attrsOf(attrs) };
  }
}

interface Rest {
  readonly source: LogEntry['source'];
  readonly time: string;
  readonly attrs: LogEntry['attrs'];
}

const BEGIN = '{"log":"';
const NEWLINE_THEN_STREAM = '\\n","stream":"std';
const STDOUT = ',"stream":"stdout"';
const STDERR = ',"stream":"stderr"';
const TIME = ',"time":"';

function indexOrEnd(index: number): number {
  return index < 0 ? Number.POSITIVE_INFINITY : index;
}

function entryOf(line: Buffer, { source, time, attrs }: Rest): LogEntry {
  return { source, time, line, attrs };
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function parsed(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    return {}; // garbage, or a line that a power cut left half
  }
}

function attrsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function closingQuote(text: string, from: number): number {
  for (let at = from; ; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22 || Number.isNaN(c)) return at;
    if (c === 0x5c) at++;
  }
}

const SIMPLE: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12, '"': 0x22, '\\': 0x5c, '/': 0x2f };

/** Unescapes `text[from, to)` into `chunk` at the same place; returns where it ends, undefined for what is no JSON. */
function unescape(chunk: Buffer, text: string, from: number, to: number): number | undefined {
  let out = from;
  for (let at = from; at < to; ) {
    const c = text.charCodeAt(at);
    if (c !== 0x5c) {
      if (c < 0x20) return undefined;
      chunk[out++] = c;
      at++;
      continue;
    }
    const simple = SIMPLE[text.charAt(at + 1)];
    if (simple !== undefined) {
      chunk[out++] = simple;
      at += 2;
      continue;
    }
    const unit = hexUnit(text, at);
    if (unit === undefined) return undefined;
    const low = unit >= 0xd800 && unit < 0xdc00 ? hexUnit(text, at + 6) : undefined;
    const paired = low !== undefined && low >= 0xdc00 && low < 0xe000;
    // Never longer than its escape. A lone half of a pair becomes U+FFFD, as Go's decoder has it.
    out += chunk.write(paired ? String.fromCharCode(unit, low) : String.fromCharCode(unit).toWellFormed(), out);
    at += paired ? 12 : 6;
  }
  return out;
}

function hexUnit(text: string, at: number): number | undefined {
  if (text.charAt(at) !== '\\' || text.charAt(at + 1) !== 'u') return undefined;
  const digits = text.slice(at + 2, at + 6);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
