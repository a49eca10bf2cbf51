import { readDescriptor, type Descriptor } from './descriptor.ts';
import { JsonFields } from './json-fields.ts';
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

/** One image: its configuration and its layers, lowest first. */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Images for several platforms, or further indexes. */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

// Far above the 127 layers that overlay and Docker can stack.
const MAX_LAYERS = 1000;

/**
 * Reads a manifest or an index, OCI's or Docker's schema 2.
 *
 * @param announced the media type it came with (`Content-Type`, a descriptor's); empty where none did
 * @throws {EngineError} `invalid`: not JSON, larger than 4 MiB, schema 1, of another type than announced, or both
 *   manifest and index at once (CVE-2021-41190)
 */
export function parseManifest(bytes: Uint8Array, announced: string): Manifest | Index {
  const fields = JsonFields.parse('image manifest', bytes);
  const schemaVersion = fields.integer('schemaVersion');
  if (schemaVersion === 1) throw fields.invalid('Docker image manifest version 1 is no longer supported: push the image again with a newer tool');
  if (schemaVersion !== 2) throw fields.invalid(`schemaVersion ${schemaVersion} is not supported`);

  const isIndex = fields.has('manifests');
  if (isIndex && (fields.has('layers') || fields.has('config'))) throw fields.invalid('it is both a manifest and an index');
  const mediaType = mediaTypeOf(fields, announced, isIndex ? OCI_INDEX : OCI_MANIFEST);
  if (isIndex ? !isIndexType(mediaType) : !isManifestType(mediaType)) throw fields.invalid(`unsupported media type ${mediaType}`);

  const annotations = fields.stringMap('annotations');
  if (isIndex) return { kind: 'index', mediaType, manifests: fields.objects('manifests').map(readDescriptor), annotations };
  const config = fields.object('config');
  if (!config) throw fields.invalid('config is missing');
  const layers = fields.objects('layers').map(readDescriptor);
  if (layers.length > MAX_LAYERS) throw fields.invalid(`more than ${MAX_LAYERS} layers`);
  return { kind: 'manifest', mediaType, config: readDescriptor(config), layers, annotations };
}

function mediaTypeOf(fields: JsonFields, announced: string, implied: string): string {
  const written = fields.string('mediaType');
  const given = isManifestType(announced) || isIndexType(announced) ? announced : '';
  if (written && given && written !== given) throw fields.invalid(`it says it is ${written}, but came as ${given}`);
  return written || given || implied;
}
