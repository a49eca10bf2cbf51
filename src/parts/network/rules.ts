/** What the rules of one host depend on. */
export interface RuleFacts {
  /** Of our one table; all that we write lies in it. */
  readonly table: string;
  readonly bridges: readonly BridgeRules[];
}

export interface BridgeRules {
  readonly name: string;
  /** `172.17.0.0/16`. */
  readonly subnet: string;
  readonly gateway: string;
  /** Containers on this bridge may talk to one another. */
  readonly interContainer: boolean;
  /** What leaves for elsewhere bears the host's address. */
  readonly masquerade: boolean;
}

/** Maps that hold the published ports; their elements come and go with containers (`Firewall`). */
export const PUBLISHED = 'published';
export const PUBLISHED_ANY = 'published-any';

/**
 * The whole table as one nft script, to be applied over whatever there is: chains and sets of ours are filled anew, the
 * administrator's chain `onggi-user` and the published ports stay as they are. A packet's cost does not depend on how
 * many ports, containers or networks there are: each question is one look into a hash.
 *
 * - `raw`: before connection tracking. Nobody reaches a container by its own address from outside (a published port is
 *   the way), and no container reaches the host's loopback, for which `route_localnet` would otherwise open a door.
 * - `prerouting`, `output`: a published port leads to its container, for packets from outside, from containers (hairpin)
 *   and from the host, loopback too.
 * - `forward`: to a container: answers, what was published, and what the bridge allows; the rest is dropped. `onggi-user`
 *   comes first. What other tables drop stays dropped: an `accept` here ends this chain alone.
 * - `postrouting`: to the outside as the host. What came to a container through a published port from a place whose
 *   answers would not pass here again (the same bridge, the host's loopback) comes from the bridge's address.
 */
export function ruleScript({ table, bridges }: RuleFacts): string {
  const on = (kind: string, rest: string): string => `${kind} ip ${table} ${rest}`;
  const chain = (name: string, hook: string, rules: readonly string[]): readonly string[] => [
    on('add chain', `${name}${hook && ` { ${hook} }`}`),
    on('flush chain', name),
    ...rules.map((rule) => on('add rule', `${name} ${rule}`)),
  ];
  const set = (kind: 'set' | 'map', name: string, type: string, elements: readonly string[]): readonly string[] => [
    on(`add ${kind}`, `${name} { type ${type} }`),
    on(`flush ${kind}`, name),
    ...(elements.length > 0 ? [on('add element', `${name} { ${elements.join(', ')} }`)] : []),
  ];
  const subnetsOf = (some: readonly BridgeRules[]): readonly string[] => some.map(({ subnet }) => subnet);
  const transports = 'meta l4proto { tcp, udp, sctp }';
  return [
    `add table ip ${table}`,
    on('add chain', 'onggi-user'),
    on('add map', `${PUBLISHED} { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }`),
    on('add map', `${PUBLISHED_ANY} { type inet_proto . inet_service : ipv4_addr . inet_service; }`),
    ...set('set', 'bridges', 'ifname;', bridges.map(({ name }) => JSON.stringify(name))),
    ...set('set', 'containers', 'ipv4_addr; flags interval;', subnetsOf(bridges)),
    ...set('set', 'masqueraded', 'ipv4_addr; flags interval;', subnetsOf(bridges.filter(({ masquerade }) => masquerade))),
    ...set('set', 'gateways', 'ipv4_addr;', bridges.map(({ gateway }) => gateway)),
    // From a bridge (first) to a bridge: `accept` or `drop`; what is not there is dropped.
    ...set('map', 'between', 'ifname . ifname : verdict;', bridges.map(({ name, interContainer }) => `"${name}" . "${name}" : ${interContainer ? 'accept' : 'drop'}`)),
    ...chain('publish', '', [
      `${transports} dnat ip to meta l4proto . ip daddr . th dport map @${PUBLISHED}`,
      `${transports} dnat ip to meta l4proto . th dport map @${PUBLISHED_ANY}`,
    ]),
    ...chain('to-container', '', ['ct state established,related accept', 'ct status dnat accept', 'iifname . oifname vmap @between', 'drop']),
    ...chain('raw', 'type filter hook prerouting priority raw;', [
      'iifname @bridges ip daddr 127.0.0.0/8 drop',
      'ip daddr @containers ip daddr != @gateways iifname != @bridges iifname != "lo" drop',
    ]),
    ...chain('prerouting', 'type nat hook prerouting priority dstnat;', ['fib daddr type local goto publish']),
    ...chain('output', 'type nat hook output priority -100;', ['fib daddr type local goto publish']),
    ...chain('forward', 'type filter hook forward priority filter;', ['jump onggi-user', 'oifname @bridges goto to-container', 'iifname @bridges accept']),
    ...chain('postrouting', 'type nat hook postrouting priority srcnat;', [
      'ip saddr @masqueraded oifname != @bridges masquerade',
      'oifname @bridges ct status dnat ip saddr @containers masquerade',
      'oifname @bridges ct status dnat ip saddr 127.0.0.0/8 masquerade',
    ]),
  ].join('\n');
}
