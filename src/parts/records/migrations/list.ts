import type { DatabaseSync } from 'node:sqlite';
import { up as containers } from './0001-containers.ts';
import { up as images } from './0002-images.ts';
import { up as networks } from './0003-networks.ts';

/** In order; a step that has been released is never changed. */
export const migrations: readonly ((db: DatabaseSync) => void)[] = [containers, images, networks];
