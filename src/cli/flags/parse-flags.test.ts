import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FlagError, HelpWanted, parseFlags } from './parse-flags.ts';

const TABLE = {
  all: { type: 'bool', short: 'a' },
  cpus: { type: 'decimal' },
  env: { type: 'list', short: 'e' },
  filter: { type: 'filter', short: 'f' },
  interactive: { type: 'bool', short: 'i' },
  label: { type: 'map' },
  memory: { type: 'bytes', short: 'm', negative: true },
  name: { type: 'string' },
  net: { type: 'list', aliasOf: 'network' },
  network: { type: 'list' },
  platform: { type: 'strings' },
  'sig-proxy': { type: 'bool', default: 'true' },
  timeout: { type: 'int', short: 't', default: '10' },
  wait: { type: 'duration' },
} as const;

function read(...argv: string[]) {
  return parseFlags(TABLE, argv, { interspersed: true });
}

test('short flags may be joined, and the last one may bring its value', () => {
  const { values, args } = read('-ait5', '-eA=1', '-e', 'B=2', '-m=5m', 'x');
  assert.deepEqual([values.all, values.interactive, values.timeout, values.env, values.memory, args], [true, true, 5, ['A=1', 'B=2'], 5 * 1024 ** 2, ['x']]);
});

test('long flags take their value after a blank or an equals sign; a switch only after the sign', () => {
  const { values, args } = read('--name', 'web', '--sig-proxy=false', '--all', 'true');
  assert.deepEqual([values.name, values['sig-proxy'], values.all, args], ['web', false, true, ['true']]);
});

test('a value may begin with a dash', () => {
  assert.equal(read('--name', '--all').values.name, '--all');
  assert.equal(read('-m', '-1').values.memory, -1);
});

test('two dashes end the flags', () => {
  assert.deepEqual(read('a', '--', '--all', '-x').args, ['a', '--all', '-x']);
});

test('without interspersing, the first positional ends the flags', () => {
  const { values, args } = parseFlags(TABLE, ['-a', 'image', '-i', '--name', 'x', '--'], { interspersed: false });
  assert.deepEqual([values.all, values.interactive, args], [true, false, ['image', '-i', '--name', 'x', '--']]);
});

test('repeated flags gather, and an alias gathers in the same place', () => {
  const { values, given } = read('--net', 'a', '--network', 'b', '--label', 'x=1', '--label', 'y', '--filter', ' Name = web ', '-f', 'name=db', '--platform', 'a,b', '--platform', 'c');
  assert.deepEqual(values.network, ['a', 'b']);
  assert.deepEqual(values.label, { x: '1', y: '' });
  assert.deepEqual(values.filter, { name: ['web', 'db'] });
  assert.deepEqual(values.platform, ['a', 'b', 'c']);
  assert.ok(given.has('network') && !given.has('net'));
});

test('a flag that is not given has its default, and is not among the given', () => {
  const { values, given } = read('--timeout=10');
  assert.deepEqual([values.timeout, values['sig-proxy'], values.name, values.env, values.cpus], [10, true, '', [], 0]);
  assert.deepEqual([...given], ['timeout']);
});

test('numbers are read as Go reads them', () => {
  assert.equal(read('-t', '0x1f').values.timeout, 31);
  assert.equal(read('-t', '-5').values.timeout, -5);
  assert.equal(read('--cpus', '1.5').values.cpus, 1_500_000_000);
  assert.equal(read('--cpus', '3/2').values.cpus, 1_500_000_000);
  assert.equal(read('--cpus', '.5').values.cpus, 500_000_000);
  assert.equal(read('--wait', '1h1.5s').values.wait, 3_601_500_000_000);
});

for (const [argv, complaint] of [
  [['--nonsense'], 'unknown flag: --nonsense'],
  [['--nonsense=1'], 'unknown flag: --nonsense'],
  [['-ax'], "unknown shorthand flag: 'x' in -x"],
  [['-a='], "unknown shorthand flag: '=' in -="],
  [['--name'], 'flag needs an argument: --name'],
  [['-at'], "flag needs an argument: 't' in -t"],
  [['---x'], 'bad flag syntax: ---x'],
  [['--=x'], 'bad flag syntax: --=x'],
  [['-t', 'x'], 'invalid argument "x" for "-t, --timeout" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  [['--all=maybe'], 'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
  [['--filter', 'x'], 'invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)'],
  [['--cpus', '1/0'], 'invalid argument "1/0" for "--cpus" flag: failed to parse 1/0 as a rational number'],
  [['--wait', '5'], 'invalid argument "5" for "--wait" flag: time: missing unit in duration "5"'],
] as const) {
  test(`${argv.join(' ')} is refused in pflag's words`, () => {
    assert.throws(() => read(...argv), (thrown: unknown) => thrown instanceof FlagError && thrown.message === complaint);
  });
}

test('--help and -h ask for help, also in a cluster', () => {
  for (const argv of [['--help'], ['-h'], ['-ah'], ['x', '--help']]) assert.throws(() => read(...argv), HelpWanted);
});

const word = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('-', '--', '-a', '-ai', '-t', '5', '--name', '--name=x', '--env', 'K=V', '-eX', '--all=false', '--__proto__', '--constructor=1', '-m', '1g', '--cpus', '--filter', 'a=b', 'toString'),
);

test('no command line makes it fail otherwise than by saying so', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.boolean(), (argv, interspersed) => {
      try {
        parseFlags(TABLE, argv, { interspersed });
      } catch (thrown) {
        assert.ok(thrown instanceof FlagError || thrown instanceof HelpWanted, String(thrown));
      }
    }),
  );
});

test('positional arguments come out as they went in', () => {
  const plain = fc.string({ maxLength: 8 }).filter((text) => !text.startsWith('-') || text === '-');
  fc.assert(
    fc.property(fc.array(plain), fc.array(fc.string({ maxLength: 8 })), (before, after) => {
      assert.deepEqual(read('-a', ...before, '--name=n', '--', ...after).args, [...before, ...after]);
      const { args } = parseFlags(TABLE, ['-i', 'image', ...after], { interspersed: false });
      assert.deepEqual(args, ['image', ...after]);
    }),
  );
});

test('keys that objects have by themselves are ordinary keys', () => {
  const { values } = read('--label', '__proto__=1', '--label', 'constructor=2', '--filter', 'toString=x');
  assert.equal(Object.getOwnPropertyDescriptor(values.label, '__proto__')?.value, '1');
  assert.equal(values.label['constructor'], '2');
  assert.deepEqual(values.filter['tostring'], ['x']);
});
