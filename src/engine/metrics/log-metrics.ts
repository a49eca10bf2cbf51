import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from '#engine/containers/container.ts';
import type { MetricCollector, MetricSample } from './metrics.ts';

interface Parts {
  readonly containers: () => readonly Container[];
  /** `containers/` below the data root. */
  readonly folder: string;
}

/** How much disk each container's log takes, rotated files and all. */
export function logMetrics({ containers, folder }: Parts): MetricCollector {
  return async () => {
    const found = await Promise.all(
      containers().map(async ({ id, name, spec }) => ({ labels: { id, name, driver: spec.host.logDriver }, ...(await weigh(join(folder, id), `${id}-json.log`)) })),
    );
    const samples = (value: (one: Weight) => number): readonly MetricSample[] => found.map((one) => ({ labels: one.labels, value: value(one) }));
    return [
      { name: 'onggi_container_log_bytes', help: 'Disk that its log takes, rotated files and all', type: 'gauge', samples: samples(({ bytes }) => bytes) },
      { name: 'onggi_container_log_files', help: 'Files of its log', type: 'gauge', samples: samples(({ files }) => files) },
    ];
  };
}

interface Weight {
  readonly bytes: number;
  readonly files: number;
}

/** The log and its rotated pieces: `NAME`, `NAME.1`, `NAME.2.gz`. What goes meanwhile weighs nothing. */
async function weigh(folder: string, name: string): Promise<Weight> {
  const entries = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    entries.filter((entry) => entry === name || entry.startsWith(`${name}.`)).map((entry) => stat(join(folder, entry)).then(({ size }) => size, () => 0)),
  );
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: sizes.length };
}
