import { EngineError } from '#base/errors.ts';
import { jsonStream, type StreamAnswer } from '#api/answer.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import type { BootstrapRequest } from '#engine/images/bootstrap.ts';
import type { Report } from '#engine/images/images.ts';
import { formatProgress } from '#protocol/progress.ts';
import { reporter } from './image-transfer.ts';

/** Makes a base image from a distribution's packages. @throws {EngineError} before the first report, for what cannot be made */
export type Bootstrap = (request: BootstrapRequest, report: Report, cancel: AbortSignal) => Promise<{ readonly id: string }>;

/** Our own addition to Docker's API: an image for a machine that can reach no registry. */
export function bootstrapRoutes(bootstrap: Bootstrap): Route[] {
  return [route('POST', '/onggi/bootstrap', (request) => run(bootstrap, request))];
}

function run(bootstrap: Bootstrap, { query, cancel }: ApiRequest): StreamAnswer {
  const image = query.text('image');
  if (image === '') throw new EngineError('invalid', 'image must be given, such as image=debian:bookworm');
  const include = query.list('include').flatMap((names) => names.split(',')).filter((name) => name !== '');
  return jsonStream(async (out) => {
    const wanted = { image, include, tag: query.text('tag'), refresh: query.flag('refresh') };
    const { id } = await bootstrap(wanted, reporter(out), cancel);
    await out.write(formatProgress({ aux: { ID: id } }));
  });
}
