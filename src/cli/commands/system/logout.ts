import { command, type Command } from '../../command.ts';
import { forgetLogin, registryKey } from '../../credentials.ts';

export const logout: Command = command({
  usage: '[SERVER]',
  args: { min: 0, max: 1 },
  flags: {},

  async run(call) {
    const key = registryKey((call.args[0] ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
    call.print(`Removing login credentials for ${key}`);
    await forgetLogin(call.configDir, key);
  },
});
