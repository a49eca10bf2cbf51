import { Readable } from 'node:stream';
import { bytesOf, type TarEntry } from '#parts/tar/entry.ts';
import { END_OF_ARCHIVE, paddingOf, plainEntry, tarHeader } from '#parts/tar/writer.ts';
import type { Recipe, RecipeLayer } from './bootstrap.ts';
import { debianRecipe, type DebianRequest } from './debian.ts';

const SITE = `server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }
}
`;

/**
 * NGINX as people know it from Docker Hub, out of Debian's package: in the foreground, on port 80, its pages under
 * `/usr/share/nginx/html`, its sites under `/etc/nginx/conf.d`, its logs on the container's own output.
 */
export async function nginxRecipe(request: Omit<DebianRequest, 'include'> & { readonly include: readonly string[] }, cancel: AbortSignal): Promise<Recipe> {
  const base = await debianRecipe({ ...request, include: ['nginx-light', ...request.include] }, cancel);
  return {
    ...base,
    name: 'nginx:latest',
    key: `nginx 1\n${base.key}`,
    config: {
      ...base.config,
      cmd: ['nginx', '-g', 'daemon off;'],
      exposedPorts: ['80/tcp'],
      // Finish the requests that are under way, then end.
      stopSignal: 'SIGQUIT',
    },
    async *layers(say, cancelled): AsyncGenerator<RecipeLayer> {
      yield* base.layers(say, cancelled);
      yield { createdBy: 'onggi bootstrap nginx', tar: Readable.from([nginxTar(base.createdAt)]) };
    },
  };
}

/** What makes Debian's package a container: logs to the output, one site without IPv6, which not every host has. */
export function nginxTar(modifiedAt: Date): Buffer {
  const some: Partial<TarEntry> = { modified: { seconds: Math.floor(modifiedAt.getTime() / 1000), nanoseconds: 0 } };
  const link = (path: string, target: string): Buffer => tarHeader(plainEntry('symlink', path, { ...some, mode: 0o777, linkPath: bytesOf(target) }));
  const site = Buffer.from(SITE);
  return Buffer.concat([
    tarHeader(plainEntry('file', 'etc/nginx/conf.d/default.conf', { ...some, sizeBytes: site.length })),
    site,
    Buffer.alloc(paddingOf(site.length)),
    // Debian's own default site: a whiteout removes it from what containers see.
    tarHeader(plainEntry('file', 'etc/nginx/sites-enabled/.wh.default', some)),
    link('var/log/nginx/access.log', '/dev/stdout'),
    link('var/log/nginx/error.log', '/dev/stderr'),
    END_OF_ARCHIVE,
  ]);
}
