/** What a user may show to a registry. Empty strings where nothing is given. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** A refresh token of an earlier login; used instead of the password. */
  readonly identityToken: string;
  /** A bearer token made elsewhere; sent as it is. */
  readonly registryToken: string;
}

export const ANONYMOUS: Credentials = { username: '', password: '', identityToken: '', registryToken: '' };

export function basicHeader({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
