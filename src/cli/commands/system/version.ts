import { arch, platform } from 'node:process';
import { BUILD_TIME, GIT_COMMIT, VERSION } from '#base/version.ts';
import { CLIENT_API_VERSION } from '#client/engine-connection.ts';
import type { VersionInfo } from '#protocol/system.ts';
import { command, CommandFailure, errorText, type Command } from '../../command.ts';
import { asTemplate, OBJECT_FORMAT_HELP } from '../../format-help.ts';
import { compileVersion, formatVersion, type ClientVersion } from '../../format/version.ts';

export const version: Command = command({
  usage: '[OPTIONS]',
  args: { min: 0, max: 0 },
  flags: { format: { type: 'string', short: 'f', help: OBJECT_FORMAT_HELP } },

  async run(call) {
    const { engine, flags, console } = call;
    const show = flags.format === '' ? formatVersion : asTemplate(() => compileVersion(flags.format));
    let server: VersionInfo | undefined;
    let failure: unknown;
    try {
      server = await engine.system.version();
    } catch (thrown) {
      failure = thrown;
    }
    console.stdout.write(show(clientVersion(engine.connection.apiVersion), server));
    // What the client knows of itself is shown although the engine does not answer.
    if (server === undefined) throw new CommandFailure(errorText(failure), 1, { cause: failure });
  },
});

function clientVersion(apiVersion: string): ClientVersion {
  return {
    Version: VERSION,
    ApiVersion: apiVersion,
    DefaultAPIVersion: CLIENT_API_VERSION,
    GitCommit: GIT_COMMIT,
    GoVersion: `node ${process.version}`,
    Os: platform,
    Arch: arch === 'x64' ? 'amd64' : arch,
    BuildTime: BUILD_TIME,
    Context: 'default',
  };
}
