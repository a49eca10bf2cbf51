import type { PortSummary } from '#protocol/containers.ts';
import { compareText } from './template/values.ts';

interface Run {
  readonly first: number;
  readonly last: number;
}

/**
 * The ports of a container as `ps` shows them: `0.0.0.0:8000-8002->8000-8002/tcp, 53/udp`. Consecutive ports are
 * merged where they are only exposed or are published at their own number (docker/cli cli/command/formatter/container.go).
 */
export function showPorts(ports: readonly PortSummary[] | null | undefined): string {
  const open = new Map<string, Run>();
  const closed: string[] = [];
  const moved: string[] = [];
  for (const port of (ports ?? []).toSorted(comparePorts)) {
    const ip = port.IP ?? '';
    if (ip !== '' && port.PublicPort !== port.PrivatePort) {
      moved.push(`${joinHostPort(ip, String(port.PublicPort ?? 0))}->${port.PrivatePort}/${port.Type}`);
      continue;
    }
    const key = `${ip}/${port.Type}`;
    const run = open.get(key);
    if (run !== undefined && port.PrivatePort !== run.last + 1) closed.push(showRun(key, run));
    // A run that goes on keeps its place; one that begins anew does too, as Go's list of keys has it once.
    open.set(key, { first: run !== undefined && port.PrivatePort === run.last + 1 ? run.first : port.PrivatePort, last: port.PrivatePort });
  }
  return [...closed, ...Array.from(open, ([key, run]) => showRun(key, run)), ...moved].join(', ');
}

function showRun(key: string, { first, last }: Run): string {
  const slash = key.lastIndexOf('/');
  const ip = key.slice(0, slash);
  const range = first === last ? String(first) : `${first}-${last}`;
  return (ip === '' ? range : `${joinHostPort(ip, range)}->${range}`) + key.slice(slash);
}

function joinHostPort(ip: string, port: string): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return a.PrivatePort - b.PrivatePort
    || compareText(a.IP ?? '', b.IP ?? '')
    || (a.PublicPort ?? 0) - (b.PublicPort ?? 0)
    || compareText(a.Type, b.Type);
}
