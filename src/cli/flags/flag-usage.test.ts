import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagUsage } from './flag-usage.ts';

test('help aligns the explanations, wraps them, and says what is not the obvious default', () => {
  const table = {
    all: { type: 'bool', short: 'a', help: 'Show everything' },
    last: { type: 'int', short: 'n', default: '-1', help: 'Show the newest ones, whatever their state' },
    net: { type: 'list', aliasOf: 'network' },
    pull: { type: 'string', default: 'missing', help: 'When to fetch' },
    secret: { type: 'bool', hidden: true },
  } as const;
  assert.equal(
    flagUsage(table, 48),
    [
      '  -a, --all           Show everything',
      '  -n, --last int      Show the newest ones,',
      '                      whatever their state',
      '                      (default -1)',
      '      --pull string   When to fetch (default',
      '                      "missing")',
    ].join('\n'),
  );
});
