import { FlagValueError } from './numbers.ts';

/** The fields of one CSV record (RFC 4180), as in `--mount` and `--gpus`. Errors are those of Go's reader. */
export function csvFields(record: string): string[] {
  if (record === '') throw new FlagValueError('EOF');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const field = record[at] === '"' ? quotedField(record, at) : plainField(record, at);
    fields.push(field.value);
    if (field.end >= record.length) return fields;
    at = field.end + 1;
  }
}

function plainField(record: string, start: number): { value: string; end: number } {
  const comma = record.indexOf(',', start);
  const end = comma === -1 ? record.length : comma;
  const value = record.slice(start, end);
  const quote = value.indexOf('"');
  if (quote !== -1) throw new FlagValueError(`parse error on line 1, column ${start + quote + 1}: bare " in non-quoted-field`);
  return { value, end };
}

function quotedField(record: string, start: number): { value: string; end: number } {
  let value = '';
  let at = start + 1;
  for (;;) {
    const quote = record.indexOf('"', at);
    if (quote === -1) throw new FlagValueError(`parse error on line 1, column ${record.length + 1}: extraneous or missing " in quoted-field`);
    value += record.slice(at, quote);
    const after = record[quote + 1];
    if (after === undefined || after === ',') return { value, end: quote + 1 };
    if (after !== '"') throw new FlagValueError(`parse error on line 1, column ${quote + 1}: extraneous or missing " in quoted-field`);
    value += '"';
    at = quote + 2;
  }
}
