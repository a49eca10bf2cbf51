type WireObject = Readonly<Record<string, unknown>>;

/** What stood beside `Networks` until API 1.52: the container's place in the default bridge. */
const MOVED = [
  'EndpointID', 'Gateway', 'GlobalIPv6Address', 'GlobalIPv6PrefixLen', 'IPAddress', 'IPPrefixLen', 'IPv6Gateway', 'MacAddress',
] as const;

/**
 * Puts the address in the default bridge back where templates look for it: `{{.NetworkSettings.IPAddress}}` stands in
 * countless scripts, and an empty text would be a wrong answer rather than none. Answers that have it stay as they are.
 */
export function withBridgeAddress(inspected: unknown): unknown {
  const settings = field(inspected, 'NetworkSettings');
  if (settings === undefined || Object.hasOwn(settings, 'IPAddress')) return inspected;
  const bridge = field(field(settings, 'Networks'), 'bridge');
  if (bridge === undefined) return inspected;
  const moved = Object.fromEntries(MOVED.filter((name) => Object.hasOwn(bridge, name)).map((name) => [name, bridge[name]]));
  return { ...(inspected as WireObject), NetworkSettings: { ...settings, ...moved } };
}

function field(of: unknown, name: string): WireObject | undefined {
  const value = typeof of === 'object' && of !== null ? (of as WireObject)[name] : undefined;
  return typeof value === 'object' && value !== null ? (value as WireObject) : undefined;
}
