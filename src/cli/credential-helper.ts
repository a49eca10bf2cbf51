import { spawn } from 'node:child_process';
import { codeOf } from '#base/errors.ts';
import type { AuthConfig } from '#protocol/registry-auth.ts';
import { CommandFailure } from './command.ts';

const OUTPUT_LIMIT_BYTES = 1024 * 1024;

/** Asks a `docker-credential-NAME` program for a login; undefined where it has none. */
export async function askHelper(name: string, key: string): Promise<AuthConfig | undefined> {
  const { code, output } = await callHelper(name, 'get', key);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw new CommandFailure(`error getting credentials - err: exit status ${code}, out: \`${output.trim()}\``, 1);
  }
  const { Username: username = '', Secret: secret = '' } = JSON.parse(output) as { Username?: string; Secret?: string };
  // A name that no user can have marks a token (docker-credential-helpers).
  return username === '<token>' ? { serveraddress: key, identitytoken: secret } : { serveraddress: key, username, password: secret };
}

export async function tellHelper(name: string, action: 'store' | 'erase', input: string): Promise<void> {
  const { code, output } = await callHelper(name, action, input);
  if (code !== 0) throw new CommandFailure(`error ${action === 'store' ? 'storing' : 'erasing'} credentials - err: exit status ${code}, out: \`${output.trim()}\``, 1);
}

async function callHelper(name: string, action: string, input: string): Promise<{ code: number; output: string }> {
  const program = `docker-credential-${name}`;
  const child = spawn(program, [action], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', (error) => reject(new CommandFailure(codeOf(error) === 'ENOENT' ? `error getting credentials - err: exec: "${program}": executable file not found in $PATH` : error.message, 1)));
  child.once('close', (code) => resolve(code ?? 1));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < OUTPUT_LIMIT_BYTES) output += text;
  });
  return { code: await promise, output };
}
