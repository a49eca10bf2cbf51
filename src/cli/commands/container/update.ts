import { command, CommandFailure, errorText, type Command } from '../../command.ts';
import { CONTAINER_FLAGS } from '../../create/flags.ts';
import { restartPolicy } from '../../create/policies.ts';

const { cpus, memory } = CONTAINER_FLAGS;

export const update: Command = command({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { min: 1 },
  completes: 'container',
  flags: {
    'blkio-weight': CONTAINER_FLAGS['blkio-weight'],
    'cpu-period': CONTAINER_FLAGS['cpu-period'],
    'cpu-quota': CONTAINER_FLAGS['cpu-quota'],
    'cpu-rt-period': CONTAINER_FLAGS['cpu-rt-period'],
    'cpu-rt-runtime': CONTAINER_FLAGS['cpu-rt-runtime'],
    'cpu-shares': CONTAINER_FLAGS['cpu-shares'],
    cpus,
    'cpuset-cpus': CONTAINER_FLAGS['cpuset-cpus'],
    'cpuset-mems': CONTAINER_FLAGS['cpuset-mems'],
    'kernel-memory': { ...CONTAINER_FLAGS['kernel-memory'], hidden: true },
    memory,
    'memory-reservation': CONTAINER_FLAGS['memory-reservation'],
    'memory-swap': CONTAINER_FLAGS['memory-swap'],
    'pids-limit': CONTAINER_FLAGS['pids-limit'],
    restart: { type: 'string', help: CONTAINER_FLAGS.restart.help, completes: CONTAINER_FLAGS.restart.completes },
  },

  async run(call) {
    const { flags, given, args, engine } = call;
    if (given.size === 0) throw new CommandFailure('you must provide one or more flags when using this command', 1);
    const body = {
      BlkioWeight: flags['blkio-weight'],
      CpuPeriod: flags['cpu-period'],
      CpuQuota: flags['cpu-quota'],
      CpuRealtimePeriod: flags['cpu-rt-period'],
      CpuRealtimeRuntime: flags['cpu-rt-runtime'],
      CpuShares: flags['cpu-shares'],
      NanoCpus: flags.cpus,
      CpusetCpus: flags['cpuset-cpus'],
      CpusetMems: flags['cpuset-mems'],
      Memory: flags.memory,
      MemoryReservation: flags['memory-reservation'],
      MemorySwap: flags['memory-swap'],
      ...(given.has('pids-limit') && { PidsLimit: flags['pids-limit'] }),
      RestartPolicy: restartPolicy(flags.restart),
    };
    const [warnings, failures]: [string[], string[]] = [[], []];
    for (const name of args) {
      try {
        const { Warnings: told } = await engine.containers.update(name, body);
        call.print(name);
        warnings.push(...(told ?? []));
      } catch (thrown) {
        failures.push(errorText(thrown));
      }
    }
    // docker's warnings go where the names go
    for (const warning of warnings) call.print(warning);
    if (failures.length > 0) throw new CommandFailure(failures.join('\n'), 1);
  },
});
