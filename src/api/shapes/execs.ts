import { EngineError } from '#base/errors.ts';
import { decodeBody, flag, list, optional, struct, text, type Decoder, integer } from '#api/decode.ts';
import type { ExecDetails, ExecSpec } from '#engine/containers/execs.ts';
import type { TerminalSize } from '#engine/containers/containers.ts';
import type { CreateExecBody, ExecInspect, StartExecBody } from '#protocol/execs.ts';

type Size = readonly [number, number];

const consoleSize: Decoder<Size> = {
  goType: '[2]uint',
  zero: [0, 0],
  decode(value, place) {
    const sizes = list(integer('uint', 0)).decode(value, place) ?? [];
    return [sizes[0] ?? 0, sizes[1] ?? 0];
  },
};

const createBody = struct<Required<CreateExecBody> & { readonly Detach: boolean }>('container.ExecOptions', {
  User: text,
  Privileged: flag,
  Tty: flag,
  ConsoleSize: optional(consoleSize),
  AttachStdin: flag,
  AttachStderr: flag,
  AttachStdout: flag,
  DetachKeys: text,
  Env: list(text),
  WorkingDir: text,
  Cmd: list(text),
  Detach: flag,
});

/** @throws {EngineError} `invalid` with dockerd's words */
export function execSpec(value: unknown): ExecSpec {
  const body = decodeBody(createBody, value, 'ExecOptions');
  if (!body.Cmd || body.Cmd.length === 0) throw new EngineError('invalid', 'No exec command specified');
  return {
    args: body.Cmd,
    env: body.Env ?? [],
    user: body.User,
    workingDir: body.WorkingDir,
    privileged: body.Privileged,
    tty: body.Tty,
    attachStdin: body.AttachStdin,
    attachStdout: body.AttachStdout,
    attachStderr: body.AttachStderr,
    detachKeys: body.DetachKeys === '' ? undefined : body.DetachKeys,
    size: terminalSize(body.ConsoleSize),
  };
}

export interface ExecStart {
  readonly detach: boolean;
  readonly size: TerminalSize | undefined;
}

const startBody = struct<Required<StartExecBody>>('container.ExecStartOptions', {
  Detach: flag,
  Tty: flag,
  ConsoleSize: optional(consoleSize),
});

/** @throws {EngineError} `invalid` with dockerd's words */
export function execStart(value: unknown): ExecStart {
  const { Detach: detach, ConsoleSize } = decodeBody(startBody, value, 'ExecStartOptions');
  return { detach, size: terminalSize(ConsoleSize) };
}

function terminalSize(size: Size | null): TerminalSize | undefined {
  if (!size || (size[0] === 0 && size[1] === 0)) return undefined;
  return { rows: size[0], columns: size[1] };
}

export function execInspect({ id, containerId, spec, running, exitCode, pid, canRemove }: ExecDetails): ExecInspect {
  const [entrypoint = '', ...rest] = spec.args;
  return {
    ID: id,
    Running: running,
    ExitCode: exitCode,
    ProcessConfig: {
      tty: spec.tty,
      entrypoint,
      arguments: rest,
      privileged: spec.privileged,
      ...(spec.user !== '' && { user: spec.user }),
    },
    OpenStdin: spec.attachStdin,
    OpenStderr: spec.attachStderr,
    OpenStdout: spec.attachStdout,
    CanRemove: canRemove,
    ContainerID: containerId,
    DetachKeys: '',
    Pid: pid,
  };
}
