import { EngineError } from '#base/errors.ts';
import { parseSize } from './size-text.ts';

/** What a container's `--log-driver` and `--log-opt` come to. */
export interface LogSettings {
  /** false: the driver `none`, which keeps nothing and cannot be read. */
  readonly written: boolean;
  /** A file that has reached this size is rotated before the next line. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly compress: boolean;
}

export type LogOptions = Readonly<Record<string, string>>;

/** Docker rotates nothing unless told to; here disks never fill. */
const DEFAULT_MAX_BYTES = 10_000_000;
const DEFAULT_MAX_FILES = 5;

const JSON_FILE_OPTIONS: ReadonlySet<string> = new Set(['max-file', 'max-size', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag']);
const ANY_DRIVER_OPTIONS: ReadonlySet<string> = new Set(['mode', 'max-buffer-size']);
const LATER_DRIVERS: ReadonlySet<string> = new Set(['local', 'syslog', 'journald', 'gelf', 'fluentd', 'awslogs', 'splunk', 'gcplogs']);

/**
 * What `create` refuses, in dockerd 28's words: the driver and the options' names. Their values come to light at the
 * start, as with Docker.
 *
 * @throws {EngineError} `invalid`; `not-implemented` for a driver of Docker's that is not there yet
 */
export function checkLogOptions(driver: string, options: LogOptions): void {
  if (driver === 'none') {
    if (Object.keys(options).length > 0) throw new EngineError('invalid', 'invalid logging opts for driver none');
    return;
  }
  if (LATER_DRIVERS.has(driver)) {
    throw new EngineError('not-implemented', `the logging driver "${driver}" is not implemented yet: use json-file or none`);
  }
  if (driver !== 'json-file') {
    throw new EngineError('invalid', `error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  }
  checkMode(options);
  for (const name of Object.keys(options)) {
    if (JSON_FILE_OPTIONS.has(name) || ANY_DRIVER_OPTIONS.has(name)) continue;
    throw new EngineError('invalid', `unknown log opt '${name}' for json-file log driver`);
  }
}

// moby daemon/logger/factory.go. What is written to a file needs no buffer, so both modes come to the same here.
function checkMode(options: LogOptions): void {
  const mode = options['mode'] ?? '';
  if (mode !== '' && mode !== 'blocking' && mode !== 'non-blocking') {
    throw new EngineError('invalid', `logger: logging mode not supported: ${mode}`);
  }
  const buffer = options['max-buffer-size'];
  if (buffer === undefined) return;
  if (mode !== 'non-blocking') {
    throw new EngineError('invalid', "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  attempt('invalid', 'error parsing option max-buffer-size: ', () => parseSize(buffer, 1024));
}

/**
 * What `start` makes of the options' values.
 *
 * @throws {EngineError} what `checkLogOptions` throws; `internal`, as with Docker, for a value that makes no sense
 */
export function logSettings(driver: string, options: LogOptions): LogSettings {
  checkLogOptions(driver, options);
  if (driver === 'none') return { written: false, maxBytes: 0, maxFiles: 1, compress: false };
  return attempt('internal', FAILED, () => jsonFileSettings(options));
}

/** Before the reason why a log could not be set up. */
export const FAILED = 'failed to create task for container: failed to initialize logging driver: ';

function jsonFileSettings(options: LogOptions): LogSettings {
  const size = options['max-size'];
  const files = options['max-file'];
  const maxBytes = size === undefined ? DEFAULT_MAX_BYTES : parseSize(size, 1000);
  if (maxBytes <= 0) throw new Error('max-size must be a positive number');
  const maxFiles = files === undefined ? (size === undefined ? DEFAULT_MAX_FILES : 1) : parseInteger(files);
  if (maxFiles < 1) throw new Error('max-file cannot be less than 1');
  const compress = options['compress'] !== undefined && parseBoolean(options['compress']);
  if (compress && (maxFiles < 2 || size === undefined)) {
    throw new Error('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return { written: true, maxBytes, maxFiles, compress };
}

function attempt<T>(kind: 'invalid' | 'internal', before: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw new EngineError(kind, before + (thrown as Error).message);
  }
}

function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

function parseBoolean(text: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}
