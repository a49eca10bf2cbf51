/** One message of a pull, push, load, import or build. */
export interface ProgressMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** The bar that old clients print as it is; new ones draw their own from `progressDetail`. */
  readonly progress?: string;
  readonly id?: string;
  readonly aux?: unknown;
  readonly errorDetail?: { readonly code?: number; readonly message: string };
  readonly error?: string;
}

/** One message as Docker writes it: JSON and CRLF. */
export function formatProgress(message: ProgressMessage): string {
  return `${JSON.stringify(message)}\r\n`;
}

/** How a stream that has begun tells that it failed. */
export function formatStreamError(message: string): string {
  return formatProgress({ errorDetail: { message }, error: message });
}

/** Docker's bar beside the numbers: `[=====>     ]  1.024MB/10.5MB`. Sizes are in bytes (moby pkg/jsonmessage). */
export function progressBar(current: number, total: number): string {
  if (total <= 0 || current > total) return bytes(current).padStart(8);
  const filled = Math.floor(((current / total) * 100) / 2);
  return `[${'='.repeat(filled)}>${' '.repeat(50 - filled)}] ${bytes(current).padStart(8)}/${bytes(total)}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

function bytes(count: number): string {
  let unit = 0;
  let size = count;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Number(size.toPrecision(4))}${UNITS[unit]}`;
}
