import type { Log } from '#base/log.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { CommitContainer } from '#engine/containers/container-committer.ts';
import type { ContainerFiles } from '#engine/containers/container-files.ts';
import type { Execs } from '#engine/containers/execs.ts';
import type { Events } from '#engine/events/events.ts';
import type { Images } from '#engine/images/images.ts';
import type { Metrics } from '#engine/metrics/metrics.ts';
import type { Networks } from '#engine/networks/networks.ts';
import type { System } from '#engine/system/system.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import { Router } from './router.ts';
import { type Bootstrap, bootstrapRoutes } from './routes/bootstrap.ts';
import { commitRoutes } from './routes/commit.ts';
import { containerFileRoutes } from './routes/container-files.ts';
import { containerRoutes } from './routes/containers.ts';
import { containerStatsRoutes } from './routes/container-stats.ts';
import { containerStreamRoutes } from './routes/container-streams.ts';
import { containerUpdateRoutes } from './routes/container-update.ts';
import { diskUsageRoutes } from './routes/disk-usage.ts';
import { eventRoutes } from './routes/events.ts';
import { execRoutes } from './routes/execs.ts';
import { imageRoutes } from './routes/images.ts';
import { imageTransferRoutes } from './routes/image-transfer.ts';
import { metricRoutes } from './routes/metrics.ts';
import { networkRoutes } from './routes/networks.ts';
import { notThereYetRoutes } from './routes/not-there-yet.ts';
import { systemRoutes } from './routes/system.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { ApiServer } from './server.ts';

/** What the API stands on: the engine's nouns, and a log for its own faults. */
export interface ApiParts {
  readonly containers: Containers;
  readonly files: ContainerFiles;
  readonly commit: CommitContainer;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly events: Events;
  readonly system: System;
  readonly metrics: Metrics;
  readonly bootstrap: Bootstrap;
  readonly log: Log;
}

/** Docker's Engine API over the engine. Call `listen` for each socket, `close` once. */
export function createApi(parts: ApiParts): ApiServer {
  const { containers, files, commit, execs, images, networks, volumes, events, system, metrics, bootstrap, log } = parts;
  const router = new Router([
    ...systemRoutes(system),
    ...diskUsageRoutes(parts),
    ...metricRoutes(metrics),
    ...eventRoutes(events),
    ...containerRoutes(containers),
    ...containerStreamRoutes(containers),
    ...containerStatsRoutes(containers),
    ...containerUpdateRoutes(containers),
    ...containerFileRoutes(files),
    ...commitRoutes(commit),
    ...execRoutes(execs),
    ...imageRoutes(images, containers),
    ...imageTransferRoutes(images),
    ...networkRoutes(networks),
    ...volumeRoutes(volumes),
    ...bootstrapRoutes(bootstrap),
    ...notThereYetRoutes(),
  ]);
  return new ApiServer(router, log);
}
