import { progressBar, type ProgressMessage } from '#protocol/progress.ts';
import { CommandFailure } from '../command.ts';
import type { OutputEnd } from '../console.ts';

/** Below this width a bar has no room beside the numbers. */
const BAR_COLUMNS = 110;

/**
 * Shows a stream of progress messages: on a terminal each layer has a line of its own that is drawn again and again;
 * elsewhere every step is a line, and bars are left out.
 *
 * @param onAux gets what the engine adds for programs
 * @throws {CommandFailure} with the engine's words where the stream ends in an error
 */
export async function showProgress(messages: AsyncIterable<ProgressMessage>, out: OutputEnd, onAux: (aux: unknown) => void = () => {}): Promise<void> {
  const lines = new TerminalLines(out);
  for await (const message of messages) {
    if (message.error !== undefined || message.errorDetail !== undefined) {
      throw new CommandFailure(message.errorDetail?.message || message.error || 'the engine failed without a reason', 1);
    }
    if (message.aux !== undefined) {
      onAux(message.aux);
      continue;
    }
    if (out.isTerminal) lines.show(message);
    else showPlainly(message, out);
  }
}

function showPlainly(message: ProgressMessage, out: OutputEnd): void {
  if (message.stream !== undefined && message.stream !== '') out.write(message.stream);
  else if (!hasBar(message)) out.write(`${prefixOf(message)}${message.status ?? ''}\n`);
}

/** One line per id, in the order of their first appearance; the cursor rests below the last. */
class TerminalLines {
  readonly #out: OutputEnd;
  readonly #rows = new Map<string, number>();

  constructor(out: OutputEnd) {
    this.#out = out;
  }

  show(message: ProgressMessage): void {
    if (message.id === undefined || message.id === '' || message.progressDetail === undefined) {
      // What does not belong to a layer ends the block: later layers begin a new one below it.
      this.#rows.clear();
      this.#out.write(message.stream || `${prefixOf(message)}${message.status ?? ''}\n`);
      return;
    }
    let row = this.#rows.get(message.id);
    let text = '';
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(message.id, row);
      text += '\n';
    }
    const up = this.#rows.size - row;
    const bar = hasBar(message) ? ` ${this.#bar(message)}` : '';
    this.#out.write(`${text}\u001b[${up}A\u001b[2K\r${prefixOf(message)}${message.status ?? ''}${bar}\r\u001b[${up}B`);
  }

  #bar({ progressDetail }: ProgressMessage): string {
    const bar = progressBar(progressDetail?.current ?? 0, progressDetail?.total ?? 0);
    const columns = this.#out.size()?.columns ?? 0;
    return columns > BAR_COLUMNS ? bar : bar.replace(/^\[[^\]]*\]\s*/, ' ');
  }
}

function hasBar({ progressDetail }: ProgressMessage): boolean {
  return (progressDetail?.current ?? 0) > 0 || (progressDetail?.total ?? 0) > 0;
}

function prefixOf({ id }: ProgressMessage): string {
  return id === undefined || id === '' ? '' : `${id}: `;
}
