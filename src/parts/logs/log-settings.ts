import { EngineError } from '#base/errors.ts';
import { parseBoolean, parseInteger } from './go-values.ts';
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
const LOCAL_OPTIONS: ReadonlySet<string> = new Set(['max-file', 'max-size', 'compress']);
const ANY_DRIVER_OPTIONS: ReadonlySet<string> = new Set(['mode', 'max-buffer-size', 'cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress']);
const LATER_DRIVERS: ReadonlySet<string> = new Set(['awslogs', 'gcplogs']);
/** moby daemon/logger/local/config.go; sizes there are counted in 1024s. */
const LOCAL_MAX_BYTES = 20 * 1024 * 1024;
const LOCAL_MAX_FILES = 5;

/**
 * What `create` refuses of the drivers whose log stays here, in dockerd 28's words: the driver and the options' names.
 * Their values come to light at the start, as with Docker.
 *
 * @throws {EngineError} `invalid`; `not-implemented` for a driver of Docker's that is not there yet
 */
export function checkLogOptions(driver: string, options: LogOptions): void {
  if (driver === 'none') {
    if (Object.keys(options).length > 0) throw new EngineError('invalid', 'invalid logging opts for driver none');
    return;
  }
  if (LATER_DRIVERS.has(driver)) {
    throw new EngineError('not-implemented', `the logging driver "${driver}" is not implemented yet: docker info lists those that are`);
  }
  if (driver !== 'json-file' && driver !== 'local') {
    throw new EngineError('invalid', `error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  }
  checkMode(options);
  const own = driver === 'local' ? LOCAL_OPTIONS : JSON_FILE_OPTIONS;
  for (const name of Object.keys(options)) {
    if (own.has(name) || ANY_DRIVER_OPTIONS.has(name)) continue;
    throw new EngineError('invalid', `unknown log opt '${name}' for ${driver === 'local' ? 'log driver local' : 'json-file log driver'}`);
  }
}

/**
 * moby daemon/logger/factory.go. What is written to a file needs no buffer, so both modes come to the same here.
 *
 * @throws {EngineError} `invalid`
 */
export function checkMode(options: LogOptions): void {
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
 * What `start` makes of the options' values: how the file is written, whichever driver carries it away.
 *
 * @throws {EngineError} what `checkLogOptions` throws; `internal`, as with Docker, for a value that makes no sense
 */
export function logSettings(driver: string, options: LogOptions): LogSettings {
  switch (driver) {
    case 'none':
      checkLogOptions(driver, options);
      return { written: false, maxBytes: 0, maxFiles: 1, compress: false };
    case 'json-file':
      checkLogOptions(driver, options);
      return attempt('internal', FAILED, () => jsonFileSettings(options));
    case 'local':
      checkLogOptions(driver, options);
      return attempt('internal', FAILED, () => localSettings(options));
    default:
      return cacheSettings(options);
  }
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

function localSettings(options: LogOptions): LogSettings {
  const { 'max-size': size, 'max-file': files, compress: packed } = options;
  const maxBytes = size === undefined ? LOCAL_MAX_BYTES : named(`invalid value for max-size: ${size}: `, () => parseSize(size, 1024));
  const maxFiles = files === undefined ? LOCAL_MAX_FILES : named(`invalid value for max-file: ${files}: `, () => parseInteger(files));
  const compress = packed === undefined || named('error reading compress log option: ', () => parseBoolean(packed));
  if (compress && maxFiles <= 1) throw new Error('compression cannot be enabled when max file count is 1');
  return { written: true, maxBytes: maxBytes || LOCAL_MAX_BYTES, maxFiles: Math.max(1, maxFiles), compress };
}

/** The file from which a log is carried away, and read by `logs`. dockerd passes over values that make no sense here. */
function cacheSettings(options: LogOptions): LogSettings {
  const quietly = <T>(parse: () => T, fallback: T): T => {
    try {
      return parse();
    } catch {
      return fallback;
    }
  };
  const { 'cache-max-size': size = '', 'cache-max-file': files = '', 'cache-compress': packed = '' } = options;
  const maxBytes = quietly(() => parseSize(size, 1024), 0);
  // what waits for its receiver needs a second file: one alone would be emptied under it
  const maxFiles = Math.max(2, quietly(() => parseInteger(files), DEFAULT_MAX_FILES));
  return { written: true, maxBytes: maxBytes > 0 ? maxBytes : DEFAULT_MAX_BYTES, maxFiles, compress: quietly(() => parseBoolean(packed), false) };
}

function named<T>(before: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw new Error(before + (thrown as Error).message, { cause: thrown });
  }
}

function attempt<T>(kind: 'invalid' | 'internal', before: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw new EngineError(kind, before + (thrown as Error).message);
  }
}
