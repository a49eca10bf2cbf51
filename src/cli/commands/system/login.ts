import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { command, CommandFailure, type Command, type CommandCall } from '../../command.ts';
import { findLogin, HUB_KEY, keepsSecretsItself, registryKey, storeLogin } from '../../credentials.ts';
import type { FlagTable } from '../../flags/flag.ts';

export const login: Command = command({
  usage: '[OPTIONS] [SERVER]',
  args: { min: 0, max: 1 },
  flags: {
    password: { type: 'string', short: 'p', help: 'Password or token; --password-stdin keeps it out of the process list' },
    'password-stdin': { type: 'bool', help: 'Read the password or token from standard input' },
    username: { type: 'string', short: 'u', help: 'User name' },
  },

  async run(call) {
    const { flags, engine } = call;
    const key = registryKey((call.args[0] ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
    const asked = await credentials(call, key, flags);
    const { Status: status = 'Login Succeeded', IdentityToken: token = '' } = await engine.system.login({ ...asked, serveraddress: key });
    await storeLogin(call.configDir, key, token === '' ? asked : { username: asked.username, identitytoken: token });
    if (keepsSecretsItself(call.configDir)) call.warn(`WARNING! Your credentials are stored unencrypted in '${join(call.configDir, 'config.json')}'.\nA credential helper, named there as credsStore, keeps them better.`);
    call.print(status);
  },
});

type Call = Pick<CommandCall<FlagTable>, 'console' | 'configDir' | 'warn'>;

async function credentials(call: Call, key: string, flags: { readonly username: string; readonly password: string; readonly 'password-stdin': boolean }): Promise<{ username: string; password: string }> {
  if (flags['password-stdin']) {
    if (flags.password !== '') throw new CommandFailure('conflicting options: cannot specify both --password and --password-stdin', 1);
    if (flags.username === '') throw new CommandFailure('the --password-stdin option requires --username to be set', 1);
    return { username: flags.username, password: await wholeInput(call) };
  }
  if (flags.password !== '') call.warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
  if (flags.username === '' && flags.password === '') {
    const known = await findLogin(call.configDir, key);
    if (known?.username !== undefined && known.password !== undefined) {
      call.warn('Authenticating with existing credentials...');
      return { username: known.username, password: known.password };
    }
  }
  if (flags.username !== '' && flags.password !== '') return { username: flags.username, password: flags.password };
  return await ask(call, key, flags);
}

async function ask(call: Call, key: string, flags: { readonly username: string; readonly password: string }): Promise<{ username: string; password: string }> {
  const { stdin, stdout } = call.console;
  if (!stdin.isTerminal) throw new CommandFailure('Error: Cannot perform an interactive login from a non TTY device', 1);
  stdout.write(`Log in to ${key === HUB_KEY ? 'Docker Hub' : key}\n`);
  const lines = createInterface({ input: stdin.open(), terminal: false });
  const next = lines[Symbol.asyncIterator]();
  try {
    const username = flags.username || (await answer(call, 'Username: ', next));
    if (username === '') throw new CommandFailure('username is empty', 1);
    const echo = stdin.hideTyping();
    try {
      const password = flags.password || (await answer(call, 'Password: ', next));
      stdout.write('\n');
      if (password === '') throw new CommandFailure('password is empty', 1);
      return { username, password };
    } finally {
      echo();
    }
  } finally {
    lines.close();
  }
}

async function answer({ console }: Call, question: string, lines: AsyncIterator<string>): Promise<string> {
  console.stdout.write(question);
  const line = await lines.next();
  return line.done === true ? '' : line.value.trim();
}

async function wholeInput({ console }: Call): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of console.stdin.open() as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces).toString().replace(/\r?\n$/, '');
}
