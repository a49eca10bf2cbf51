/** The runtime could not start the process. `message` is its own text, as it came. */
export class RuntimeFailure extends Error {
  static {
    this.prototype.name = 'RuntimeFailure';
  }
}

/**
 * The last error in what a runtime wrote: the `msg` of its JSON log where there is one, else its stderr.
 * crun and runc write each message twice, as JSON and as text.
 */
export function runtimeMessage(raw: string): string {
  const lines = raw.split('\n').filter((line) => line.trim() !== '');
  const messages = lines.map(errorOf).filter((message) => message !== undefined);
  return messages.at(-1) ?? lines.filter((line) => !line.startsWith('{')).join('\n');
}

function errorOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { msg, level } = JSON.parse(line) as { msg?: unknown; level?: unknown };
    return typeof msg === 'string' && level !== 'warning' && level !== 'info' && level !== 'debug' ? msg : undefined;
  } catch {
    return undefined; // cut off at the limit
  }
}
