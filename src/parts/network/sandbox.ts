import { closeSync } from 'node:fs';
import type { EndpointFacts, Sandbox } from './network-driver.ts';

export interface SandboxParts {
  readonly id: string;
  readonly path: string;
  readonly netNamespace?: string;
  readonly endpoint: EndpointFacts;
  readonly ports?: Sandbox['ports'];
  readonly descriptors?: Descriptors;
  readonly leave?: () => Promise<void>;
}

export function makeSandbox({ id, path, netNamespace, endpoint, ports = {}, descriptors, leave }: SandboxParts): Sandbox {
  return {
    id,
    path,
    netNamespace,
    endpoint,
    ports,
    get descriptors() {
      return descriptors?.open ?? [];
    },
    closeDescriptors: () => descriptors?.close(),
    async [Symbol.asyncDispose]() {
      descriptors?.close();
      await leave?.();
    },
  };
}

/** Open files that are closed once, however often it is asked for. */
export class Descriptors {
  #open: readonly number[];

  constructor(open: readonly number[]) {
    this.#open = open;
  }

  get open(): readonly number[] {
    return this.#open;
  }

  close(): void {
    const all = this.#open;
    this.#open = [];
    all.forEach((descriptor) => closeSync(descriptor));
  }
}
