import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname } from 'node:path';
import { EngineError, messageOf } from '#base/errors.ts';
import { textLog } from '#base/log.ts';
import { DEFAULT_BRIDGE } from '#base/paths.ts';
import { GIT_COMMIT, VERSION } from '#base/version.ts';
import { composeEngine } from './compose.ts';
import { type DaemonConfig, USAGE, readInvocation } from './config.ts';
import { lockRoots } from './root-lock.ts';
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
  process.stderr.on('error', () => {}); // nobody reads the log any more: no reason to end
  process.on('unhandledRejection', (reason) => log.error('a failure that nobody handled', { error: reason }));

  // what may be refused is, before anything of this host is touched
  using _locks = lockRoots({ ...config, bridge: config.bridge || DEFAULT_BRIDGE });
  const sockets = await Promise.all(config.hosts.map((host) => prepareSocket(host, config.group, log)));
  const engine = await composeEngine(config, log);
  try {
    await engine.recover();
    for (const socket of sockets) await engine.api.listen(socket);
    using _pidFile = pidFile(config.pidFile);
    log.info('API listens', { hosts: config.hosts.join(' '), version: VERSION });
    log.info(`${await stopped.promise}: the engine stops, containers run on`);
  } finally {
    await engine.stop();
  }
}

/** Taken away at the end, unless another engine has written its own into it. */
function pidFile(path: string): Disposable {
  const text = `${process.pid}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return {
    [Symbol.dispose]: () => {
      try {
        if (readFileSync(path, 'utf8') === text) rmSync(path);
      } catch {
        // it is gone already
      }
    },
  };
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
