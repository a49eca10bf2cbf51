import { randomBytes } from 'node:crypto';

/** 64 hex digits, as Docker's ids; never all decimal in its first 12, since a short id is a default host name. */
export function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (/[a-f]/.test(id.slice(0, 12))) return id;
  }
}

/** The 12 digits that people see; takes a plain id or one with `sha256:` before it. */
export function shortId(id: string): string {
  return (id.startsWith('sha256:') ? id.slice(7) : id).slice(0, 12);
}
