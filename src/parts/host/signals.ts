import { EngineError } from '#base/errors.ts';

const RTMIN = 34;
const RTMAX = 64;

// Numbers are those of x86 and arm64; the order decides which of two names is shown.
const PLAIN: readonly (readonly [string, number])[] = [
  ['HUP', 1], ['INT', 2], ['QUIT', 3], ['ILL', 4], ['TRAP', 5], ['ABRT', 6], ['IOT', 6], ['BUS', 7], ['FPE', 8],
  ['KILL', 9], ['USR1', 10], ['SEGV', 11], ['USR2', 12], ['PIPE', 13], ['ALRM', 14], ['TERM', 15], ['STKFLT', 16],
  ['CHLD', 17], ['CLD', 17], ['CONT', 18], ['STOP', 19], ['TSTP', 20], ['TTIN', 21], ['TTOU', 22], ['URG', 23],
  ['XCPU', 24], ['XFSZ', 25], ['VTALRM', 26], ['PROF', 27], ['WINCH', 28], ['IO', 29], ['POLL', 29], ['PWR', 30], ['SYS', 31],
];

/** Without `SIG`. Real-time signals count from both ends: RTMIN to RTMIN+15, RTMAX-14 to RTMAX. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...PLAIN,
  ['RTMIN', RTMIN],
  ...Array.from({ length: 15 }, (_, index): [string, number] => [`RTMIN+${index + 1}`, RTMIN + index + 1]),
  ...Array.from({ length: 14 }, (_, index): [string, number] => [`RTMAX-${14 - index}`, RTMAX - 14 + index]),
  ['RTMAX', RTMAX],
]);

const NAMES: ReadonlyMap<number, string> = new Map([...NUMBERS].reverse().map(([name, number]) => [number, name]));

/**
 * Reads a signal as Docker does: a number as it stands (0 is none), or a name in any case, with or without `SIG`.
 * A number is not checked further here; see `requireSupportedSignal`.
 *
 * @throws {EngineError} `invalid`: `invalid signal: X`
 * @see https://github.com/moby/sys/blob/main/signal/signal.go
 */
export function parseSignal(text: string): number {
  const number = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : NUMBERS.get(text.toUpperCase().replace(/^SIG/, ''));
  if (!number) throw new EngineError('invalid', `invalid signal: ${text}`);
  return number;
}

/** @throws {EngineError} `invalid`, for a number that Linux has no signal for or keeps for its C library */
export function requireSupportedSignal(number: number): void {
  if (!NAMES.has(number)) throw new EngineError('invalid', `the linux daemon does not support signal ${number}`);
}

/** `SIGTERM`, `SIGRTMIN+3`; a number that has no name stays a number. */
export function signalName(number: number): string {
  const name = NAMES.get(number);
  return name === undefined ? String(number) : `SIG${name}`;
}
