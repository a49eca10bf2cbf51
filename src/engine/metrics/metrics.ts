import type { Log } from '#base/log.ts';

/** Figures of one kind, as a monitoring system wants them. Names follow Prometheus's rules: base units, `_total` for counters. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Looks at one part of the engine when it is asked to. */
export type MetricCollector = () => readonly MetricFamily[] | Promise<readonly MetricFamily[]>;

export interface Metrics {
  collect(): Promise<readonly MetricFamily[]>;
}

/** A family without labels. */
export function single(type: MetricFamily['type'], name: string, help: string, value: number, labels: MetricSample['labels'] = {}): MetricFamily {
  return { name, help, type, samples: [{ labels, value }] };
}

/** All figures of the engine. A part that cannot tell its own does not keep the others from being told. */
export class MetricService implements Metrics {
  readonly #collectors: readonly MetricCollector[];
  readonly #log: Log;
  #failures = 0;

  constructor(collectors: readonly MetricCollector[], log: Log) {
    this.#collectors = collectors;
    this.#log = log;
  }

  async collect(): Promise<readonly MetricFamily[]> {
    const found = await Promise.all(this.#collectors.map((collector) => this.#ask(collector)));
    const failures = single('counter', 'onggi_metrics_failures_total', 'Parts of the engine that could not tell their figures', this.#failures);
    return [...found.flat(), failures];
  }

  async #ask(collector: MetricCollector): Promise<readonly MetricFamily[]> {
    try {
      return await collector();
    } catch (thrown) {
      this.#failures++;
      this.#log.warn('figures could not be told', { error: thrown });
      return [];
    }
  }
}
