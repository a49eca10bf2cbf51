import type { Readable } from 'node:stream';
import { EngineError } from '#base/errors.ts';
import { byteStream, jsonStream, type StreamAnswer, type StreamOut } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { progressMessage } from '#api/shapes/progress.ts';
import { upload } from '#api/upload.ts';
import type { Images, Report } from '#engine/images/images.ts';
import { formatProgress } from '#protocol/progress.ts';
import { decodeRegistryAuth } from '#protocol/registry-auth.ts';
import { credentialsOf } from './system.ts';

const TAR = 'application/x-tar';

/** Images as they come and go: pulled, imported, loaded and saved. */
export function imageTransferRoutes(images: Images): Route[] {
  return [
    route('POST', '/images/create', (request) => createImage(images, request)),
    route('POST', '/images/load', (request) => load(images, request)),
    route('GET', '/images/get', (request) => save(images, request.query.list('names').flatMap((names) => names.split(',')), request.cancel)),
    route('GET', '/images/{name...}/get', (request) => save(images, [request.params.name], request.cancel)),
  ];
}

function createImage(images: Images, request: ApiRequest): StreamAnswer {
  if (request.query.text('fromImage') !== '') return pull(images, request);
  const source = request.query.text('fromSrc');
  if (source === '-') return importArchive(images, request);
  if (source === '') throw new EngineError('invalid', 'either fromImage or fromSrc must be given');
  throw new EngineError('not-implemented', 'importing an image from a URL is not there yet: fetch it and send it with fromSrc=-');
}

function pull(images: Images, { query, headers, cancel }: ApiRequest): StreamAnswer {
  const auth = decodeRegistryAuth(single(headers['x-registry-auth']));
  const wanted = {
    reference: query.text('fromImage'),
    tag: query.text('tag'),
    platform: query.text('platform'),
    credentials: auth && credentialsOf(auth),
  };
  return jsonStream((out) => images.pull(wanted, reporter(out), cancel));
}

function importArchive(images: Images, { query, body, cancel }: ApiRequest): StreamAnswer {
  const wanted = {
    repository: query.text('repo'),
    tag: query.text('tag'),
    message: query.text('message'),
    changes: query.list('changes'),
    platform: query.text('platform'),
  };
  return jsonStream(async (out) => {
    // dockerd reports progress only of an archive that it fetches itself
    const id = await images.import(upload(body), wanted, () => {}, cancel);
    await out.write(formatProgress({ status: id }));
  });
}

function load(images: Images, { query, body, cancel }: ApiRequest): StreamAnswer {
  const quiet = query.flag('quiet');
  const options = { quiet, platform: platformText(query.text('platform')) };
  return jsonStream(async (out) => {
    const loaded = await loadFrom(images, upload(body), { options, out, cancel });
    for (const name of loaded) {
      await out.write(formatProgress({ stream: `Loaded image${name.startsWith('sha256:') ? ' ID' : ''}: ${name}\n` }));
    }
  });
}

/** dockerd has answered 200 before it looks at the archive: all that is wrong with one is told in the stream. */
async function loadFrom(
  images: Images,
  archive: Readable,
  { options, out, cancel }: { options: { quiet: boolean; platform: string }; out: StreamOut; cancel: AbortSignal },
): Promise<readonly string[]> {
  try {
    return await images.load(archive, options, reporter(out), cancel);
  } catch (thrown) {
    out.begin();
    throw thrown;
  }
}

async function save(images: Images, refs: readonly string[], cancel: AbortSignal): Promise<StreamAnswer> {
  return byteStream(TAR, await images.save(refs, cancel));
}

/**
 * Writes progress as it is reported. A client that is behind misses counts, which the next ones make up for, and never
 * a status.
 */
export function reporter(out: StreamOut): Report {
  return (progress) => {
    const passing = progress.current !== undefined && progress.current !== progress.total;
    if (passing && out.congested) return;
    out.write(formatProgress(progressMessage(progress))).catch(() => {
      // The client has gone; the work ends by the request's own signal.
    });
  };
}

/** Since API 1.48 a platform comes as JSON. */
function platformText(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const { os = '', architecture = '', variant = '' } = JSON.parse(text) as Readonly<Record<string, string>>;
    return [os, architecture, variant].filter((part) => part !== '').join('/');
  } catch {
    throw new EngineError('invalid', `failed to parse platform: ${text}`);
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
