import assert from 'node:assert/strict';
import test from 'node:test';
import { parseBind } from './bind-settings.ts';

test('a bind, a volume and an anonymous volume', () => {
  assert.deepEqual(parseBind('/srv:/data:ro,z'), { source: '/srv', target: '/data', options: ['ro', 'z'] });
  assert.deepEqual(parseBind('web:/data'), { source: 'web', target: '/data', options: [] });
  assert.deepEqual(parseBind('/data'), { source: '', target: '/data', options: [] });
  assert.deepEqual(parseBind('/tmp:/x:'), { source: '/tmp', target: '/x', options: [] });
});

// Each line was answered by dockerd 28.5 with status 500 and this message.
const REFUSED: readonly (readonly [string, string])[] = [
  ['/tmp:/x:foo', 'invalid mode: foo'],
  ['/tmp:/x:ro,rw', 'invalid mode: ro,rw'],
  ['/tmp:/x:ro,ro', 'invalid mode: ro,ro'],
  ['/tmp:/x:RO', 'invalid mode: RO'],
  ['a:/x:z,Z', 'invalid mode: z,Z'],
  ['a:/x:nocopy,copy', 'invalid mode: nocopy,copy'],
  ['/tmp:/x:rshared,rslave', 'invalid mode: rshared,rslave'],
  ['/tmp:/x:cached,delegated', 'invalid mode: cached,delegated'],
  ['/tmp:x', `invalid volume specification: '/tmp:x': invalid mount config for type "bind": invalid mount path: 'x' mount path must be absolute`],
  ['/tmp:/x:ro:foo', "invalid volume specification: '/tmp:/x:ro:foo'"],
  ['/tmp:/', `invalid volume specification: '/tmp:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`],
  ['a:/x:rshared', `invalid volume specification: 'a:/x:rshared': invalid mount config for type "volume": field BindOptions must not be specified`],
  ['/tmp:/x:nocopy', `invalid volume specification: '/tmp:/x:nocopy': invalid mount config for type "bind": field VolumeOptions must not be specified`],
  ['/x:ro', "invalid volume specification: '/x:ro'"],
  [':/x', "invalid volume specification: ':/x'"],
  ['::', "invalid volume specification: '::'"],
  ['/x::ro', `invalid volume specification: '/x::ro': invalid mount config for type "bind": field Target must not be empty`],
];

for (const [text, message] of REFUSED) {
  test(`-v ${text} is refused`, () => {
    assert.throws(() => parseBind(text), { kind: 'internal', message });
  });
}
