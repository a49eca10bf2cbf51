import { renderRows, type Listing, type ListOptions, type Row } from './listing.ts';
import { shortId } from './short-text.ts';
import { blockBytes, cpuPercent, memoryBytes, networkBytes, type StatsSample } from './stats-sample.ts';
import { formatFloat } from './template/floats.ts';
import { binarySize, humanSize } from './units.ts';

/** One container of the list; without a sample it is shown as not known. */
export interface StatsEntry {
  /** What the user asked for: a name or an id. */
  readonly container: string;
  readonly sample: StatsSample | undefined;
}

const listing: Listing = {
  type: '*container.statsContext',
  heads: {
    Container: 'CONTAINER', ID: 'CONTAINER ID', Name: 'NAME', CPUPerc: 'CPU %', MemUsage: 'MEM USAGE / LIMIT', MemPerc: 'MEM %',
    NetIO: 'NET I/O', BlockIO: 'BLOCK I/O', PIDs: 'PIDS',
  },
};

const TABLE = 'table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';

/**
 * What `stats` prints at one moment.
 *
 * @throws {TemplateError} in docker's words
 */
export function formatStats(entries: readonly StatsEntry[], options: Omit<ListOptions, 'quiet'> = {}): string {
  const { format = '', noTrunc = false } = options;
  const rows = entries.map((entry) => statsRow(entry, noTrunc));
  return renderRows(listing, rows, format === '' || format === 'table' ? TABLE : format);
}

function statsRow({ container, sample }: StatsEntry, noTrunc: boolean): Row {
  const known = (show: (sample: StatsSample) => string, otherwise: string) => (): string => (sample === undefined ? otherwise : show(sample));
  return {
    Container: () => container,
    Name: known(({ name = '' }) => name.replace(/^\//, '') || '--', '--'),
    ID: known(({ id = '' }) => (noTrunc ? id : shortId(id)), '--'),
    CPUPerc: known((of) => `${formatFloat(cpuPercent(of), 'f', 2)}%`, '--'),
    MemUsage: known((of) => `${binarySize(memoryBytes(of))} / ${binarySize(of.memory_stats?.limit ?? 0)}`, '-- / --'),
    MemPerc: known((of) => `${formatFloat(memoryPercent(of), 'f', 2)}%`, '--'),
    NetIO: known((of) => networkBytes(of).map((bytes) => humanSize(bytes, 3)).join(' / '), '--'),
    BlockIO: known((of) => blockBytes(of).map((bytes) => humanSize(bytes, 3)).join(' / '), '--'),
    PIDs: known((of) => String(of.pids_stats?.current ?? 0), '--'),
  };
}

function memoryPercent(sample: StatsSample): number {
  const limit = sample.memory_stats?.limit ?? 0;
  return limit === 0 ? 0 : (memoryBytes(sample) / limit) * 100;
}
