import type { JoinRequest, PortMapping, PublishedPort, RestoreRequest, Sandbox } from './network-driver.ts';
import { parsePortKey, portKey } from './port-bindings.ts';
import type { HeldPort } from './port-table.ts';

/** What `inspect` shows: every exposed port, and where it is published. */
export function publishedPorts({ exposedPorts }: JoinRequest, held: readonly HeldPort[]): Sandbox['ports'] {
  const ports: Record<string, PublishedPort[] | null> = Object.fromEntries(exposedPorts.map((key) => [portKey(key), null]));
  for (const { key, mappings } of held) (ports[key] ??= []).push(...mappings.map(({ hostIp, hostPort }) => ({ hostIp, hostPort })));
  // In the order that Go's JSON has, which clients print.
  return Object.fromEntries(Object.entries(ports).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The way back from what is stored. */
export function mappingsOf(ports: RestoreRequest['ports'], containerIp: string): readonly PortMapping[] {
  return Object.entries(ports).flatMap(([key, list]) => {
    const { port, protocol } = parsePortKey(key);
    return (list ?? []).map(({ hostIp, hostPort }) => ({ protocol, hostIp, hostPort, containerIp, containerPort: port }));
  });
}
