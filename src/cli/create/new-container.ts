import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { isKind, messageOf } from '#base/errors.ts';
import type { CreateContainerResponse } from '#protocol/containers.ts';
import { CommandFailure, type CommandCall } from '../command.ts';
import { readConfig } from '../config-file.ts';
import { registryAuth } from '../credentials.ts';
import type { FlagTable } from '../flags/flag.ts';
import { PROGRAM, seeHelp } from '../help.ts';
import { fullName, parseImageName, type ImageName } from '../image-name.ts';
import { showProgress } from '../progress/show-progress.ts';
import type { CreateBody } from './create-body.ts';
import { proxyVariables } from './proxies.ts';

/** The exit code of everything that goes wrong before a container runs. */
export const NOT_RUN_EXIT = 125;

export interface CreateOptions {
  readonly name: string;
  readonly platform: string;
  readonly pull: string;
  readonly quiet: boolean;
}

type Call = Pick<CommandCall<FlagTable>, 'engine' | 'console' | 'configDir' | 'warn' | 'name'>;

/** @throws {CommandFailure} for any other word than Docker's three */
export function checkPull(pull: string, call: Pick<Call, 'name'>): void {
  if (pull === 'always' || pull === 'missing' || pull === 'never' || pull === '') return;
  throw usageFailure(call.name, `invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
}

/** @throws {CommandFailure} where it was asked for: what the socket may do in there is for its owner to say */
export function refuseApiSocket(wanted: boolean, call: Pick<Call, 'name'>): void {
  if (wanted) throw usageFailure(call.name, 'the --use-api-socket option is not supported: mount the socket with -v /var/run/onggi.sock:/var/run/docker.sock');
}

/** What the client's file adds to a new container's environment. */
export function proxiesFor({ configDir, engine }: Pick<Call, 'configDir' | 'engine'>, env: readonly string[]): readonly string[] {
  return proxyVariables(readConfig(configDir), engine.connection.address.shown, env);
}

/** A complaint about what was asked for, with the way to the help. */
export function usageFailure(name: string, message: string): CommandFailure {
  return new CommandFailure(`${PROGRAM}: ${message}\n\n${seeHelp(name)}`, NOT_RUN_EXIT);
}

/**
 * Makes the container, fetching its image first where it is missing (or always, or never).
 *
 * @returns its id
 * @throws whatever the engine says, as it says it
 */
export async function newContainer(call: Call, body: CreateBody, options: CreateOptions): Promise<string> {
  warnAboutRisks(call, body);
  using idFile = new IdFile(body.HostConfig.ContainerIDFile ?? '');
  const image = isId(body.Image) ? undefined : parseImageName(body.Image);
  if (options.pull === 'always' && image !== undefined) await fetchImage(call, image, options);
  const size = call.console.stdout.size();
  const sized: CreateBody = { ...body, HostConfig: { ...body.HostConfig, ConsoleSize: [size?.rows ?? 0, size?.columns ?? 0] } };
  const created = await createOrFetch(call, sized, image, options);
  for (const warning of created.Warnings ?? []) call.warn(`WARNING: ${warning}`);
  idFile.write(created.Id);
  return created.Id;
}

async function createOrFetch(call: Call, body: CreateBody, image: ImageName | undefined, options: CreateOptions): Promise<CreateContainerResponse> {
  const create = async (): Promise<CreateContainerResponse> =>
    await call.engine.containers.create(body, { name: options.name || undefined, platform: options.platform || undefined });
  try {
    return await create();
  } catch (thrown) {
    if (!isKind(thrown, 'not-found') || image === undefined || options.pull !== 'missing') throw thrown;
    if (!options.quiet) call.warn(`Unable to find image '${fullName(image)}' locally`);
    await fetchImage(call, image, options);
    return await create();
  }
}

/** Shows its progress on standard error: standard output belongs to the container. */
async function fetchImage(call: Call, image: ImageName, options: CreateOptions): Promise<void> {
  const request = {
    image: image.canonical,
    tag: image.digest || image.tag || 'latest',
    platform: options.platform,
    auth: await registryAuth(call.configDir, image.domain),
  };
  const messages = call.engine.images.pull(request);
  if (options.quiet) await showProgress(messages, { ...call.console.stderr, isTerminal: false, write: () => {} });
  else await showProgress(messages, call.console.stderr);
}

function warnAboutRisks(call: Call, { HostConfig: host }: CreateBody): void {
  if (host.OomKillDisable === true && (host.Memory ?? 0) === 0) {
    call.warn("WARNING: Disabling the OOM killer on containers without setting a '-m/--memory' limit may be dangerous.");
  }
  const local = (host.Dns ?? []).find((address) => /^127\.|^::1$/.test(address));
  if (local !== undefined) call.warn(`WARNING: Localhost DNS setting (--dns=${local}) may fail in containers.`);
}

function isId(image: string): boolean {
  return /^(sha256:)?[0-9a-f]{64}$/.test(image);
}

/** The file of `--cidfile`: made before the container, so that two runs cannot share it; taken away where none comes. */
class IdFile implements Disposable {
  readonly #path: string;
  readonly #file: number | undefined;
  #written = false;

  constructor(path: string) {
    this.#path = path;
    if (path === '') return;
    if (existsSync(path)) throw new CommandFailure(`container ID file found, make sure the other container isn't running or delete ${path}`, NOT_RUN_EXIT);
    try {
      this.#file = openSync(path, 'wx', 0o644);
    } catch (thrown) {
      throw new CommandFailure(`failed to create the container ID file: ${messageOf(thrown)}`, NOT_RUN_EXIT, { cause: thrown });
    }
  }

  write(id: string): void {
    if (this.#file === undefined) return;
    writeSync(this.#file, id);
    this.#written = true;
  }

  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    if (!this.#written) rmSync(this.#path, { force: true });
  }
}
