import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import { decodeCreateBody } from './container-body.ts';
import { containerSpec } from './container-create.ts';

/** The configuration that came with a commit; undefined where none did. */
export function imageConfigOf(body: unknown): ImageRunConfig | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0) return undefined;
  const { user, env, entrypoint, cmd, workingDir, labels, exposedPorts, volumes, stopSignal, healthcheck, shell, onBuild, argsEscaped } = containerSpec(decodeCreateBody(body)).process;
  return { user, env, entrypoint, cmd, workingDir, labels, exposedPorts, volumes, stopSignal, healthcheck, shell, onBuild, argsEscaped };
}
