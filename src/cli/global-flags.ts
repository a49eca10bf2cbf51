import type { FlagTable } from './flags/flag.ts';

/** What may stand between `onggi` and the command. */
export const GLOBAL_FLAGS = {
  config: { type: 'string', help: "Folder of the client's own files (default \"~/.docker\")", completes: 'directory' },
  debug: { type: 'bool', short: 'D', help: 'Say more about failures' },
  host: { type: 'list', short: 'H', help: 'Engine to talk to: unix://PATH or tcp://HOST:PORT' },
  'log-level': { type: 'string', short: 'l', default: 'info', help: 'Least level of messages: "debug", "info", "warn", "error", "fatal"', completes: ['debug', 'info', 'warn', 'error', 'fatal'] },
  version: { type: 'bool', short: 'v', help: 'Print the version and end' },
} as const;

GLOBAL_FLAGS satisfies FlagTable;
