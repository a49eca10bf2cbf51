import type { Change, ChangeKind } from '#parts/archive/changes.ts';
import type { ContainerChange } from '#protocol/containers.ts';

const KIND: Readonly<Record<ChangeKind, 0 | 1 | 2>> = { modified: 0, added: 1, deleted: 2 };

/** dockerd says null where nothing changed. */
export function containerChanges(changes: readonly Change[]): readonly ContainerChange[] | null {
  return changes.length === 0 ? null : changes.map(({ kind, path }) => ({ Kind: KIND[kind], Path: path }));
}
