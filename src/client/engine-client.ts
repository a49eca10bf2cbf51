import type { EngineAddress } from './address.ts';
import { ContainerCalls } from './containers.ts';
import { EngineConnection } from './engine-connection.ts';
import { ExecCalls } from './execs.ts';
import { ImageCalls } from './images.ts';
import { NetworkCalls } from './networks.ts';
import { SystemCalls } from './system.ts';
import { VolumeCalls } from './volumes.ts';

/** Everything that can be asked of one engine, by Docker's nouns. */
export class EngineClient {
  readonly connection: EngineConnection;
  readonly containers: ContainerCalls;
  readonly execs: ExecCalls;
  readonly images: ImageCalls;
  readonly networks: NetworkCalls;
  readonly volumes: VolumeCalls;
  readonly system: SystemCalls;

  constructor(address: EngineAddress | string, options: { readonly apiVersion?: string | undefined; readonly headers?: Readonly<Record<string, string>> } = {}) {
    this.connection = new EngineConnection(address, options);
    this.containers = new ContainerCalls(this.connection);
    this.execs = new ExecCalls(this.connection);
    this.images = new ImageCalls(this.connection);
    this.networks = new NetworkCalls(this.connection);
    this.volumes = new VolumeCalls(this.connection);
    this.system = new SystemCalls(this.connection);
  }
}
