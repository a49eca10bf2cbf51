const KINDS = ['C', 'A', 'D'] as const;

/** What `diff` prints: changed, added, deleted, as the engine orders them. */
export function formatChanges(changes: readonly { readonly Path: string; readonly Kind: number }[] | null): string {
  return (changes ?? []).map(({ Path: path, Kind: kind }) => `${KINDS[kind] ?? ''} ${path}\n`).join('');
}
