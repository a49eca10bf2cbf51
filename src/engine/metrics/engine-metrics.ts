import type { InfoFacts } from '#engine/system/system.ts';
import { type MetricCollector, single } from './metrics.ts';

interface Parts {
  readonly info: () => Promise<InfoFacts>;
  /** Since the engine was first started, and who listens now. */
  readonly events: () => { readonly published: number; readonly readers: number };
  readonly volumes: () => number;
  /** Unpacked layers together, each counted once. */
  readonly layerBytes: () => number;
  readonly process: () => ProcessFigures;
}

/** What the engine itself uses. */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Unix seconds. */
  readonly startedAt: number;
}

/** The engine, its host and its images. What dockerd has too bears dockerd's names. */
export function engineMetrics(parts: Parts): MetricCollector {
  return async () => {
    const info = await parts.info();
    const { published, readers } = parts.events();
    const { cpuSeconds, residentBytes, startedAt } = parts.process();
    const state = (name: string, value: number) => ({ labels: { state: name }, value });
    return [
      single('gauge', 'engine_daemon_engine_info', 'What the engine is', 1, {
        architecture: info.arch, commit: info.gitCommit, daemon_id: info.id, graphdriver: info.storageDriver, kernel: info.kernelVersion,
        os: info.operatingSystem, os_type: info.os, os_version: info.osVersion, version: info.version,
      }),
      single('gauge', 'engine_daemon_engine_cpus_cpus', 'Processors of the host', info.cpus),
      single('gauge', 'engine_daemon_engine_memory_bytes', 'Memory of the host', info.memoryBytes),
      {
        name: 'engine_daemon_container_states_containers', help: 'Containers by state', type: 'gauge',
        samples: [state('paused', info.containers.paused), state('running', info.containers.running), state('stopped', info.containers.stopped)],
      },
      single('counter', 'engine_daemon_events_total', 'Events that were published', published),
      single('gauge', 'engine_daemon_events_subscribers_total', 'Clients that listen to events', readers),
      single('gauge', 'onggi_images', 'Images', info.images),
      single('gauge', 'onggi_image_layer_bytes', 'Unpacked layers of all images, each counted once', parts.layerBytes()),
      single('gauge', 'onggi_volumes', 'Volumes', parts.volumes()),
      single('counter', 'process_cpu_seconds_total', 'Processor time of the engine itself', cpuSeconds),
      single('gauge', 'process_resident_memory_bytes', 'Memory of the engine itself', residentBytes),
      single('gauge', 'process_start_time_seconds', 'When the engine was started, in Unix time', startedAt),
    ];
  };
}
