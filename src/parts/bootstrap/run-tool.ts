import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf, EngineError, messageOf } from '#base/errors.ts';

const exec = promisify(execFile);
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The output of a short command, run without a shell and in the C locale. */
export async function outputOf(command: string, args: readonly string[], cancel: AbortSignal): Promise<string> {
  try {
    const { stdout } = await exec(command, args, { signal: cancel, maxBuffer: MAX_OUTPUT_BYTES, env: toolEnvironment() });
    return stdout;
  } catch (thrown) {
    cancel.throwIfAborted();
    throw new EngineError('internal', `${command} failed: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Fixed words and a fixed search path; proxies are passed on, since packages come over the network. */
export function toolEnvironment(): Record<string, string> {
  const passed = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  const proxies = passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return { PATH: SYSTEM_PATH, LC_ALL: 'C', ...(Object.fromEntries(proxies) as Record<string, string>) };
}

/** Where a command lies, or undefined. */
export async function findTool(name: string): Promise<string | undefined> {
  for (const folder of SYSTEM_PATH.split(':')) {
    const path = `${folder}/${name}`;
    try {
      await access(path, constants.X_OK);
      return path;
    } catch (thrown) {
      if (codeOf(thrown) === undefined) throw thrown;
    }
  }
  return undefined;
}

/** @throws {EngineError} `unavailable`, naming the Debian package that has the command */
export async function requireTool(name: string, packageName: string): Promise<string> {
  const path = await findTool(name);
  if (path !== undefined) return path;
  throw new EngineError('unavailable', `${name} is not installed on this machine: install it with "apt-get install ${packageName}"`);
}
