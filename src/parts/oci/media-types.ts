/** The document types of images: OCI's, and Docker's schema 2 before it. */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

const LAYERS: ReadonlySet<string> = new Set(
  [
    ...['', '+gzip', '+zstd'].flatMap((suffix) => [OCI_LAYER, 'application/vnd.oci.image.layer.nondistributable.v1.tar'].map((base) => base + suffix)),
    ...['', '.gzip', '.zstd'].flatMap((suffix) => [DOCKER_LAYER, 'application/vnd.docker.image.rootfs.foreign.diff.tar'].map((base) => base + suffix)),
  ],
);

/** True for a tar of a file system change, however compressed; its bytes tell which compression. */
export function isLayerType(mediaType: string): boolean {
  return LAYERS.has(mediaType);
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_MANIFEST_LIST;
}

export function isConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}
