import { byteStream, json } from '#api/answer.ts';
import { route, type Route } from '#api/router.ts';
import { containerChanges } from '#api/shapes/container-changes.ts';
import type { ContainerFiles } from '#engine/containers/container-files.ts';

/** The files of containers. */
export function containerFileRoutes(files: ContainerFiles): Route[] {
  return [
    route('GET', '/containers/{name}/changes', async ({ params, cancel }) => json(containerChanges(await files.changes(params.name, cancel)))),

    route('GET', '/containers/{name}/export', async ({ params, cancel }) => byteStream('application/octet-stream', await files.export(params.name, cancel))),
  ];
}
