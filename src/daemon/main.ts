import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname } from 'node:path';
import { EngineError, messageOf } from '#base/errors.ts';
import { textLog } from '#base/log.ts';
import { GIT_COMMIT, VERSION } from '#base/version.ts';
import { composeEngine } from './compose.ts';
import { type DaemonConfig, USAGE, readInvocation } from './config.ts';
import { lockDataRoot } from './data-root-lock.ts';
import { prepareSocket } from './socket.ts';

enableCompileCache();

async function main(): Promise<void> {
  const invocation = readInvocation(process.argv.slice(2));
  switch (invocation.action) {
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'version':
      process.stdout.write(`Onggi daemon version ${VERSION}, build ${GIT_COMMIT}\n`);
      return;
    case 'validate':
      process.stdout.write('configuration OK\n');
      return;
    case 'run':
      await serve(invocation.config);
      return;
    default:
      invocation satisfies never;
  }
}

async function serve(config: DaemonConfig): Promise<void> {
  if (process.getuid?.() !== 0) throw new EngineError('forbidden', 'onggid needs to be started with root privileges: use sudo, or a service manager');
  process.umask(0o022);
  const log = textLog(config.logLevel, (line) => process.stderr.write(line));
  const stopped = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopped.resolve(signal));
  process.on('SIGHUP', () => log.info('SIGHUP: restart the engine to read daemon.json again; containers run on'));
  process.on('unhandledRejection', (reason) => log.error('a failure that nobody handled', { error: reason }));

  using _lock = lockDataRoot(config.dataRoot, config.hosts);
  const engine = await composeEngine(config, log);
  try {
    await engine.recover();
    for (const host of config.hosts) await engine.api.listen(await prepareSocket(host, config.group, log));
    writePidFile(config.pidFile);
    log.info('API listens', { hosts: config.hosts.join(' '), version: VERSION });
    log.info(`${await stopped.promise}: the engine stops, containers run on`);
  } finally {
    rmSync(config.pidFile, { force: true });
    await engine.stop();
  }
}

function writePidFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${process.pid}\n`);
}

main().then(
  // what is still open (a client that hangs, a socket) must not keep a stopped engine alive
  () => process.exit(),
  (thrown: unknown) => {
    const text = thrown instanceof EngineError ? thrown.message : thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : String(thrown);
    process.stderr.write(`onggid: ${text}\n`);
    process.exit(1);
  },
);
