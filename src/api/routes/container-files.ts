import { byteStream, empty, json, type StreamAnswer, type WholeAnswer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { containerChanges } from '#api/shapes/container-changes.ts';
import { pathStat } from '#api/shapes/path-stat.ts';
import { upload } from '#api/upload.ts';
import { EngineError } from '#base/errors.ts';
import type { ContainerFiles } from '#engine/containers/container-files.ts';
import { encodePathStat } from '#protocol/path-stat.ts';

const PATH_STAT = 'X-Docker-Container-Path-Stat';

/** The files of containers. */
export function containerFileRoutes(files: ContainerFiles): Route[] {
  return [
    route('GET', '/containers/{name}/changes', async ({ params, cancel }) => json(containerChanges(await files.changes(params.name, cancel)))),

    route('GET', '/containers/{name}/export', async ({ params, cancel }) => byteStream('application/octet-stream', await files.export(params.name, cancel))),

    route('HEAD', '/containers/{name}/archive', (request) => stat(files, request)),

    route('GET', '/containers/{name}/archive', (request) => read(files, request)),

    route('PUT', '/containers/{name}/archive', (request) => write(files, request)),
  ];
}

type Named = ApiRequest<{ readonly name: string }>;

async function stat(files: ContainerFiles, request: Named): Promise<WholeAnswer> {
  const facts = await files.statPath(request.params.name, pathOf(request), request.cancel);
  return { ...empty(200), headers: { [PATH_STAT]: encodePathStat(pathStat(facts)) } };
}

async function read(files: ContainerFiles, request: Named): Promise<StreamAnswer> {
  const { facts, archive } = await files.readArchive(request.params.name, pathOf(request), request.cancel);
  const stream = byteStream('application/x-tar', archive);
  return { ...stream, headers: { ...stream.headers, [PATH_STAT]: encodePathStat(pathStat(facts)) } };
}

async function write(files: ContainerFiles, request: Named): Promise<WholeAnswer> {
  const { params, query, body, cancel } = request;
  const wanted = {
    path: pathOf(request),
    archive: upload(body),
    noOverwriteDirNonDir: query.flag('noOverwriteDirNonDir'),
    asContainerUser: query.flag('copyUIDGID'),
  };
  await files.writeArchive(params.name, wanted, cancel);
  return empty(200);
}

function pathOf({ query }: Named): string {
  const path = query.text('path');
  // dockerd's own words, to the letter
  if (path === '') throw new EngineError('invalid', 'bad parameter: pathcannot be empty');
  if (path.includes('\0')) throw new EngineError('internal', `lstat ${path}: invalid argument`);
  return path;
}
