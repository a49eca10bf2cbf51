import type { Progress } from '#engine/images/images.ts';
import { progressBar, type ProgressMessage } from '#protocol/progress.ts';

/** A step of a pull or load as Docker tells it: layers have `progressDetail`, even when nothing is counted. */
export function progressMessage({ id, status, notice, current, total }: Progress): ProgressMessage {
  if (notice) return { stream: `${status}\n` };
  if (id === '' || status.startsWith('Pulling from')) return { status, ...(id !== '' && { id }) };
  if (current === undefined) return { status, progressDetail: {}, id };
  const detail = { current, ...(total !== undefined && { total }) };
  return { status, progressDetail: detail, progress: progressBar(current, total ?? 0), id };
}
