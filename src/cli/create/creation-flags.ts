/** The flags of `run` and `create` that do not go into the container. */
export const CREATION_FLAGS = {
  'disable-content-trust': { type: 'bool', default: 'true', help: 'Accepted and without effect: images are not signed here' },
  name: { type: 'string', help: "The container's name" },
  platform: { type: 'string', help: 'Platform of the image (OS/ARCH[/VARIANT])' },
  pull: { type: 'string', default: 'missing', help: 'When to fetch the image: "always", "missing", "never"', completes: ['always', 'missing', 'never'] },
  quiet: { type: 'bool', short: 'q', help: 'Do not show how the image is fetched' },
  'use-api-socket': { type: 'bool', help: "Refused: mount the engine's socket with -v" },
} as const;
