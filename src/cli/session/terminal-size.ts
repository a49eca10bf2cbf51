import type { Console } from '../console.ts';

type Resize = (size: { readonly h: number; readonly w: number }) => Promise<void>;

// A terminal that the engine has not made yet is tried again, as Docker's client does.
const FIRST_TRIES = 10;
const PAUSE_MS = 10;

/**
 * Gives the other side's terminal the size of this one, now and whenever it changes. Does nothing where standard output
 * is no terminal.
 */
export function followTerminalSize(console: Console, resize: Resize): Disposable {
  if (!console.stdout.isTerminal) return { [Symbol.dispose]: () => {} };
  void sendFirstSize(console, resize);
  const stop = console.stdout.onResize(() => void sendSize(console, resize));
  return { [Symbol.dispose]: stop };
}

async function sendFirstSize(console: Console, resize: Resize): Promise<void> {
  for (let tries = 0; tries < FIRST_TRIES; tries += 1) {
    if (await sendSize(console, resize)) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (tries + 1)));
  }
}

async function sendSize(console: Console, resize: Resize): Promise<boolean> {
  const size = console.stdout.size();
  if (size === undefined || (size.rows === 0 && size.columns === 0)) return true;
  try {
    await resize({ h: size.rows, w: size.columns });
    return true;
  } catch {
    return false;
  }
}
