import { plain, json, type WholeAnswer } from '#api/answer.ts';
import { decodeBody, struct, text } from '#api/decode.ts';
import type { ApiRequest } from '#api/request.ts';
import { route, type Route } from '#api/router.ts';
import { systemInfo, versionInfo } from '#api/shapes/system.ts';
import type { RegistryCredentials } from '#engine/images/images.ts';
import type { System } from '#engine/system/system.ts';
import { type AuthConfig, withUserOfAuth } from '#protocol/registry-auth.ts';
import type { AuthResponse } from '#protocol/system.ts';

/** What a client learns of the engine without asking for more: `Builder-Version` 1 is the classic builder. */
const PING_HEADERS = {
  'Builder-Version': '1',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Swarm: 'inactive',
};

const authBody = struct<Required<AuthConfig>>('registry.AuthConfig', {
  username: text,
  password: text,
  auth: text,
  email: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
});

export function systemRoutes(system: System): Route[] {
  return [
    route('GET', '/_ping', () => plain('OK', 200, PING_HEADERS)),
    route('HEAD', '/_ping', () => {
      system.hello();
      return plain('', 200, PING_HEADERS);
    }),
    route('GET', '/version', async () => json(versionInfo(await system.version()))),
    route('GET', '/info', async (request) => json(systemInfo(await system.info(), (since) => request.speaks(since)))),
    route('POST', '/auth', (request) => authenticate(system, request)),
  ];
}

async function authenticate(system: System, request: ApiRequest): Promise<WholeAnswer> {
  const body = decodeBody(authBody, await request.json(), 'AuthConfig');
  const { status, identityToken } = await system.authenticate(credentialsOf(body), request.cancel);
  const answer: AuthResponse = { Status: status, IdentityToken: identityToken };
  return json(answer);
}

/** Credentials as the engine takes them. */
export function credentialsOf(config: AuthConfig): RegistryCredentials {
  const auth = withUserOfAuth(config);
  return {
    username: auth.username ?? '',
    password: auth.password ?? '',
    identityToken: auth.identitytoken ?? '',
    registryToken: auth.registrytoken ?? '',
    serverAddress: auth.serveraddress ?? '',
  };
}
