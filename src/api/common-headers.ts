import type { OutgoingHttpHeaders } from 'node:http';
import { VERSION } from '#base/version.ts';
import { MAX_API_VERSION } from '#protocol/api-version.ts';

/** What every answer bears. The docker command line takes the daemon's system from `Docker/… (linux)`. */
export const COMMON_HEADERS: OutgoingHttpHeaders = {
  'Api-Version': MAX_API_VERSION,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Docker/${VERSION} (linux)`,
};
