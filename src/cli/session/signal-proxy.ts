import type { Console } from '../console.ts';

/** What is passed on: everything that can be caught, but for what the runtime and the terminal use themselves. */
const SIGNALS: readonly NodeJS.Signals[] = [
  'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTRAP', 'SIGABRT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGCONT', 'SIGTSTP',
  'SIGTTIN', 'SIGTTOU', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGSYS', 'SIGSTKFLT',
];

/** Sends the signals that reach this process on to a container, until it is disposed. */
export function proxySignals(console: Console, send: (signal: NodeJS.Signals) => Promise<void>, warn: (line: string) => void): Disposable {
  const stops = SIGNALS.map((signal) =>
    console.onSignal(signal, () => {
      send(signal).catch((thrown: unknown) => warn(`Error sending signal: ${String(thrown)}`));
    }),
  );
  return {
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}
