// A volume service over a folder and a database of its own, for tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { silentLog } from '#base/log.ts';
import { openDatabase } from '#parts/records/database.ts';
import { VolumeService } from './volume-service.ts';

export class VolumeBench implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'onggi-volumes-'));
  readonly folder: string = join(this.path, 'volumes');
  readonly db: DatabaseSync = openDatabase(join(this.path, 'onggi.db'));
  /** Container ids by volume. */
  readonly users: Map<string, string[]> = new Map<string, string[]>();
  readonly told: string[] = [];
  volumes: VolumeService = this.open();

  /** Another engine over the same records, as after a kill. */
  open(): VolumeService {
    return new VolumeService({
      db: this.db,
      folder: this.folder,
      events: {
        publish: ({ action, actorId }) => void this.told.push(`${action} ${actorId}`.trim()),
        watch: () => {
          throw new Error('not needed here');
        },
      },
      usersOf: (name) => this.users.get(name) ?? [],
      removeTree: (path) => rm(path, { recursive: true, force: true }),
      log: silentLog,
    });
  }

  [Symbol.dispose](): void {
    this.db.close();
    rmSync(this.path, { recursive: true });
  }
}
