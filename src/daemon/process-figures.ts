import type { ProcessFigures } from '#engine/metrics/engine-metrics.ts';

const US_PER_S = 1e6;
const MS_PER_S = 1000;

/** What this very process uses. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / US_PER_S, residentBytes: process.memoryUsage.rss(), startedAt: performance.timeOrigin / MS_PER_S };
}
