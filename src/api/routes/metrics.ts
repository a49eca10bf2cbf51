import { plain } from '#api/answer.ts';
import { route, type Route } from '#api/router.ts';
import type { Metrics } from '#engine/metrics/metrics.ts';
import { PROMETHEUS_TEXT, prometheusText } from '#protocol/prometheus.ts';

/** Figures for a monitoring system. dockerd gives its own at an address apart (`metrics-addr`), ours has them here. */
export function metricRoutes(metrics: Metrics): Route[] {
  return [route('GET', '/metrics', async () => plain(prometheusText(await metrics.collect()), 200, { 'Content-Type': PROMETHEUS_TEXT }))];
}
