import { closeSync } from 'node:fs';
import { EngineError } from '#base/errors.ts';
import { addressBytes } from '#parts/host/addresses.ts';
import { bindSocket } from '#parts/host/bound-sockets.ts';
import type { AddressPool } from './address-pool.ts';
import type { EndpointFacts, JoinRequest } from './network-driver.ts';

/** An empty `wanted` is the lowest that is free. */
export function takeAddress(pool: AddressPool, wanted: string): string {
  if (wanted === '') return pool.takeLowest();
  pool.take(wanted);
  return wanted;
}

/** Docker's names for files of namespaces have 12 digits. */
export function shortName(id: string): string {
  return id.slice(0, 12);
}

/** Derived, so that what is left of a container can be told from what belongs to one. */
export function hostInterface(id: string): string {
  return `veth${id.slice(0, 10)}`;
}

/** @throws {EngineError} `invalid` for what is no address of an interface */
export function macOf({ macAddress }: JoinRequest, ipv4: string): string {
  if (macAddress !== '' && !/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(macAddress)) throw new EngineError('invalid', `invalid MAC address: ${macAddress}`);
  if (macAddress !== '') return macAddress.toLowerCase().replaceAll('-', ':');
  return `02:42:${addressBytes(ipv4).toString('hex').replace(/(..)(?=.)/g, '$1:')}`;
}

/** Where a port without a host address is published: as Docker, on IPv6 too where the host has it. */
export function everywhere(): readonly string[] {
  try {
    closeSync(bindSocket({ protocol: 'tcp', address: '::1', port: 0 }));
    return ['0.0.0.0', '::'];
  } catch {
    return ['0.0.0.0'];
  }
}

export function noAddress(networkId: string, endpointId: string): EndpointFacts {
  return { networkId, endpointId, gateway: '', ipv4: '', ipv4PrefixLength: 0, gateway6: '', ipv6: '', ipv6PrefixLength: 0, macAddress: '', aliases: [], dnsNames: [] };
}
