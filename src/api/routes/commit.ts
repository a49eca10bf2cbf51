import { json } from '#api/answer.ts';
import { route, type Route } from '#api/router.ts';
import { imageConfigOf } from '#api/shapes/commit-body.ts';
import { EngineError } from '#base/errors.ts';
import type { CommitContainer } from '#engine/containers/container-committer.ts';

/** Images made of containers. */
export function commitRoutes(commit: CommitContainer): Route[] {
  return [
    route('POST', '/commit', async (request) => {
      const { query, cancel } = request;
      const ref = query.text('container');
      if (ref === '') throw new EngineError('invalid', 'invalid name or ID supplied: ""');
      const wanted = {
        ref,
        repository: query.text('repo'),
        tag: query.text('tag'),
        author: query.text('author'),
        comment: query.text('comment'),
        pause: query.text('pause') === '' || query.flag('pause'),
        changes: query.list('changes'),
        config: imageConfigOf(await request.json()),
      };
      return json({ Id: await commit(wanted, cancel) }, 201);
    }),
  ];
}
