import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { HostNetwork, type HostNetworkSettings } from './host-network.ts';
import type { JoinRequest } from './network-driver.ts';

/** A request with nothing but defaults. */
export function joinRequest(parts: Partial<JoinRequest> = {}): JoinRequest {
  return { mode: 'bridge', containerName: 'web', networkId: 'bridge-id', macAddress: '', ipv4: '', ports: {}, exposedPorts: [], publishAll: false, ...parts };
}

export interface TestNetwork extends AsyncDisposable {
  readonly execRoot: string;
  readonly network: HostNetwork;
  /** The same roots with a new engine, as after a kill. */
  again(): HostNetwork;
}

/** A network in this test's own namespaces (`inSandbox`), torn down at the end. */
export async function testNetwork(settings: Partial<HostNetworkSettings> = {}): Promise<TestNetwork> {
  const execRoot = `/tmp/hostnet-${randomBytes(6).toString('hex')}`;
  const made: HostNetwork[] = [];
  const again = (): HostNetwork => {
    const network = new HostNetwork({ execRoot, verifyEveryMs: 0, ...settings });
    made.push(network);
    return network;
  };
  const network = again();
  await network.setUp();
  return {
    execRoot,
    network,
    again,
    async [Symbol.asyncDispose]() {
      await (made.at(-1) ?? network).tearDown();
      made.forEach((one) => one[Symbol.dispose]());
      rmSync(execRoot, { recursive: true, force: true });
    },
  };
}

/** Runs a program, in a network namespace or outside; its output, or what went wrong. */
export function run(namespace: string | undefined, command: string): { readonly ok: boolean; readonly out: string } {
  const inner = ['sh', '-c', command];
  const all = namespace === undefined ? inner : ['nsenter', `--net=${namespace}`, ...inner];
  const { status, stdout, stderr } = spawnSync(all[0] ?? '', all.slice(1), { encoding: 'utf8', timeout: 20_000 });
  return { ok: status === 0, out: `${stdout}${stderr}`.trim() };
}
