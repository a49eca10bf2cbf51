import { EngineError, messageOf } from '#base/errors.ts';
import { parseBoolean } from '#parts/logs/go-values.ts';
import { FAILED, type LogOptions, checkLogOptions, checkMode } from '#parts/logs/log-settings.ts';
import type { LogShipper, ShippingDriver, ShippingSubject } from './log-shipper.ts';
import { fluentd } from './fluentd.ts';
import { gelf } from './gelf.ts';
import { journald } from './journald.ts';
import { splunk } from './splunk.ts';
import { syslog } from './syslog.ts';

const DRIVERS: ReadonlyMap<string, ShippingDriver> = new Map(Object.entries({ fluentd, gelf, journald, splunk, syslog }));

/** Every driver there is, as `info` lists them. */
export const LOG_DRIVERS: readonly string[] = ['json-file', 'local', 'none', ...DRIVERS.keys()].sort();

/** True where the log is carried away too. */
export function isShipped(driver: string): boolean {
  return DRIVERS.has(driver);
}

/**
 * What `create` refuses, in dockerd's words.
 *
 * @throws {EngineError} `invalid`; `not-implemented` for a driver of Docker's that is not there yet
 */
export function checkLogDriver(name: string, options: LogOptions): void {
  const driver = DRIVERS.get(name);
  if (!driver) {
    checkLogOptions(name, options);
    return;
  }
  checkMode(options);
  try {
    checkCacheFlag(options['cache-disabled']);
    driver.check(options);
  } catch (thrown) {
    throw new EngineError('invalid', messageOf(thrown), { cause: thrown });
  }
}

function checkCacheFlag(text: string | undefined): void {
  if (text === undefined) return;
  try {
    parseBoolean(text);
  } catch (thrown) {
    throw new Error(`invalid value for option cache-disabled: ${text}`, { cause: thrown });
  }
}

/**
 * The driver's shipper; undefined where the log stays here.
 *
 * @throws {EngineError} what the start refuses, in dockerd's words
 */
export function openShipper(name: string, options: LogOptions, subject: ShippingSubject): LogShipper | undefined {
  try {
    return DRIVERS.get(name)?.open(options, subject);
  } catch (thrown) {
    throw startFailure(thrown);
  }
}

/** Checks at the start what can be: the options' values, and the receiver where the driver promises to ask it. */
export async function verifyLogging(name: string, options: LogOptions, subject: ShippingSubject): Promise<void> {
  await openShipper(name, options, subject)?.[Symbol.asyncDispose]();
  try {
    await DRIVERS.get(name)?.verify?.(options, subject);
  } catch (thrown) {
    throw startFailure(thrown);
  }
}

function startFailure(thrown: unknown): EngineError {
  const message = messageOf(thrown);
  const kind = thrown instanceof EngineError ? thrown.kind : 'internal';
  return new EngineError(kind, message.startsWith(FAILED) ? message : FAILED + message, { cause: thrown });
}
