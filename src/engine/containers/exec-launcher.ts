import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '#base/errors.ts';
import { writeProcess } from '#parts/runtime/bundle.ts';
import { ociProcess } from '#parts/runtime/process.ts';
import { containerEnvironment, mergeEnvironment, workingDirectory } from '#parts/runtime/process-args.ts';
import type { Runtimes } from '#parts/runtime/runtimes.ts';
import type { SpecHost } from '#parts/runtime/spec-input.ts';
import type { ExecLauncher } from './exec-service.ts';
import { runtimeChoice, started, userOf } from './launcher.ts';

interface Parts {
  readonly shimPath: string;
  readonly runtimes: Runtimes;
  readonly runtimeRoot: string;
  readonly host: SpecHost;
  /** The mounted root of a running container. */
  readonly rootOf: (containerId: string) => string;
  /** `execs/` below the exec root. */
  readonly stateFolder: string;
}

/** Starts further processes in containers, each behind a shim of its own that keeps no log. */
export function execLauncher(parts: Parts): ExecLauncher {
  return async ({ id, container, spec, size, attached }, cancel) => {
    const { shimPath, runtimes, runtimeRoot, host, stateFolder, rootOf } = parts;
    const settings = container.spec.process;
    const directory = join(stateFolder, id);
    mkdirSync(directory, { recursive: true, mode: 0o711 });
    try {
      const user = await userOf(container, rootOf(container.id), spec.user || settings.user);
      const env = containerEnvironment({ given: mergeEnvironment(settings.env, spec.env), hostname: settings.hostname, tty: spec.tty, home: user.home });
      const process = ociProcess({
        process: {
          env,
          args: spec.args,
          cwd: folderOf(spec.workingDir || settings.workingDir),
          tty: spec.tty,
          consoleSize: size && size.rows > 0 ? size : null,
          uid: user.uid, gid: user.gid, additionalGids: user.additionalGids,
        },
        privileged: spec.privileged,
        security: container.spec.security,
        limits: container.spec.limits,
        oomScoreAdj: container.spec.host.oomScoreAdj,
        host,
      });
      const processFile = join(directory, 'process.json');
      writeProcess(processFile, process);
      const live = await started(
        {
          shimPath, id, directory, attached, size,
          runtime: runtimeChoice(runtimes, container.spec.host.runtime, runtimeRoot),
          generation: 1,
          exitFile: null,
          kind: { type: 'exec', containerId: container.id, processFile },
          terminal: spec.tty,
          stdin: spec.attachStdin ? 'open' : 'closed',
          log: null,
          oomFiles: [],
          holdDescriptors: [],
        },
        spec.args[0] ?? '',
        cancel,
      );
      void live.cleaned.then(() => rm(directory, { recursive: true, force: true }));
      return live;
    } catch (thrown) {
      await rm(directory, { recursive: true, force: true });
      throw thrown;
    }
  };
}

/** Unlike that of a container's own process, this one is the runtime's to refuse: in runc's words. */
function folderOf(given: string): string {
  if (given !== '' && !given.startsWith('/')) throw new EngineError('internal', 'OCI runtime exec failed: exec failed: Cwd must be an absolute path');
  return workingDirectory(given);
}
