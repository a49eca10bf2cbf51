/** Credentials for a registry, as `X-Registry-Auth` and `POST /auth` carry them. */
export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  /** base64 of `username:password`, as it stands in the client's own file. */
  readonly auth?: string;
  readonly email?: string;
  readonly serveraddress?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The header's value: base64url (RFC 4648 section 5) of the JSON, padded as Docker pads it. */
export function encodeRegistryAuth(auth: AuthConfig): string {
  const text = Buffer.from(JSON.stringify(auth)).toString('base64url');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

/**
 * Reads `X-Registry-Auth`. Docker's pull takes a header that it cannot read for none at all, so that it works without
 * credentials; undefined stands for that, and for an empty header.
 */
export function decodeRegistryAuth(header: string | undefined): AuthConfig | undefined {
  if (header === undefined || header === '' || !/^[A-Za-z0-9_+/-]+={0,2}$/.test(header)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return withUserOfAuth(value as AuthConfig);
  } catch {
    return undefined;
  }
}

/** Takes name and password out of `auth` where they are not given by themselves. */
export function withUserOfAuth(config: AuthConfig): AuthConfig {
  if (config.auth === undefined || config.auth === '' || (config.username ?? '') !== '') return config;
  const pair = Buffer.from(config.auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return config;
  return { ...config, username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
}
