import { EngineError } from '#base/errors.ts';
import { DEFAULT_SOCKET } from '#base/paths.ts';

/** Where an engine listens. `shown` is what a message names. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string; readonly shown: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly shown: string };

const DEFAULT_TCP_PORT = 2375;

/**
 * Chooses the engine to talk to: the flag, else `ONGGI_HOST`, else `DOCKER_HOST`, else the default socket.
 *
 * @throws {EngineError} `invalid` for anything that is neither `unix://PATH` nor `tcp://HOST:PORT`
 */
export function engineAddress(flag: string | undefined, env: NodeJS.ProcessEnv): EngineAddress {
  const chosen = flag || env['ONGGI_HOST'] || env['DOCKER_HOST'] || `unix://${DEFAULT_SOCKET}`;
  return parseAddress(chosen);
}

export function parseAddress(text: string): EngineAddress {
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length) || DEFAULT_SOCKET;
    return { kind: 'unix', path, shown: `unix://${path}` };
  }
  if (text.startsWith('tcp://')) return tcpAddress(text);
  throw new EngineError('invalid', `unable to parse host "${text}": expected unix://PATH or tcp://HOST:PORT`);
}

function tcpAddress(text: string): EngineAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^:/[\]]*)(?::(\d{1,5}))?\/?$/.exec(text);
  const port = match?.[2] === undefined ? DEFAULT_TCP_PORT : Number(match[2]);
  if (match === null || port > 65_535) throw new EngineError('invalid', `unable to parse host "${text}"`);
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1';
  return { kind: 'tcp', host, port, shown: text };
}
