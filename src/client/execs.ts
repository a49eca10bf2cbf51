import type { CreateExecBody, ExecInspect } from '#protocol/execs.ts';
import { path, type EngineConnection, type HijackedStream } from './engine-connection.ts';

/** Commands that run inside containers. */
export class ExecCalls {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  async create(container: string, request: CreateExecBody, cancel?: AbortSignal): Promise<string> {
    const { Id } = await this.#engine.json<{ Id: string }>({ method: 'POST', path: path('/containers/', container, '/exec'), json: request }, cancel);
    return Id;
  }

  async start(id: string, options: { readonly tty: boolean; readonly consoleSize?: readonly [number, number] | undefined }, cancel?: AbortSignal): Promise<HijackedStream> {
    return await this.#engine.hijack(this.#startCall(id, false, options), cancel);
  }

  async startDetached(id: string, options: { readonly tty: boolean }, cancel?: AbortSignal): Promise<void> {
    await this.#engine.done(this.#startCall(id, true, options), cancel);
  }

  async inspect(id: string, cancel?: AbortSignal): Promise<ExecInspect> {
    return await this.#engine.json({ method: 'GET', path: path('/exec/', id, '/json') }, cancel);
  }

  async resize(id: string, size: { readonly h: number; readonly w: number }, cancel?: AbortSignal): Promise<void> {
    await this.#engine.done({ method: 'POST', path: path('/exec/', id, '/resize'), query: size }, cancel);
  }

  #startCall(id: string, detach: boolean, options: { readonly tty: boolean; readonly consoleSize?: readonly [number, number] | undefined }) {
    const size = options.consoleSize === undefined ? {} : { ConsoleSize: options.consoleSize };
    return { method: 'POST', path: path('/exec/', id, '/start'), json: { Detach: detach, Tty: options.tty, ...size } } as const;
  }
}
