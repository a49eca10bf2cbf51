import { codeOf, EngineError, isKind, messageOf } from '#base/errors.ts';
import { canonicalText, familiarName, familiarText, type Reference } from '#parts/oci/reference.ts';
import { RegistryError } from '#parts/registry/registry-error.ts';

/** What a failed pull tells the user (moby daemon/internal/distribution/errors.go): where Docker adds the image's name, so does this. */
export function pullFailed(reference: Reference, thrown: unknown): unknown {
  if (!(thrown instanceof RegistryError)) return fullDisk(thrown) ?? thrown;
  const name = familiarName(reference);
  const tell = (message: string): EngineError => new EngineError('not-found', `${message}: ${thrown.message}`, { cause: thrown });
  switch (thrown.errorCode) {
    case 'DENIED':
      return tell(`pull access denied for ${name}, repository does not exist or may require 'docker login'`);
    case 'MANIFEST_UNKNOWN':
      return tell(`manifest for ${familiarText(reference)} not found`);
    case 'NAME_UNKNOWN':
      return tell(`repository ${name} not found`);
    default:
      return thrown;
  }
}

/** True where a full disk (or quota) is at the bottom of a failure. */
export function isFullDisk(thrown: unknown): boolean {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) if (['ENOSPC', 'EDQUOT'].includes(codeOf(cause) ?? '')) return true;
  return false;
}

function fullDisk(thrown: unknown): EngineError | undefined {
  if (thrown instanceof EngineError || !isFullDisk(thrown)) return undefined;
  return new EngineError('internal', 'write: no space left on device', { cause: thrown });
}

export function noMatchingManifest(platform: string): EngineError {
  return new EngineError('not-found', `no matching manifest for ${platform} in the manifest list entries`);
}

export function schema1Removed(reference: Reference): EngineError {
  return new EngineError(
    'invalid',
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. ' +
      `Suggest the author of ${canonicalText(reference)} to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. ` +
      'More information at https://docs.docker.com/go/deprecated-image-specs/',
  );
}

export function unsupportedMediaType(mediaType: string): EngineError {
  return new EngineError('invalid', `unsupported media type ${mediaType}`);
}

export function verificationFailed(digest: string, cause: unknown): EngineError {
  return new EngineError('invalid', `filesystem layer verification failed for digest ${digest}`, { cause });
}

/** @param digest of the configuration; a wrong content is told by it */
export function configFailed(digest: string, thrown: unknown): EngineError {
  const reason = isKind(thrown, 'invalid') ? `image config verification failed for digest ${digest}` : messageOf(thrown);
  return new EngineError('internal', `error pulling image configuration: ${reason}`, { cause: thrown });
}

/** The manifest names layers that the configuration does not know, or the other way round. */
export function layersMismatch(): EngineError {
  return new EngineError('invalid', "layers from manifest don't match image configuration");
}
