import assert from 'node:assert/strict';
import test from 'node:test';
import { EngineError } from '#base/errors.ts';
import { logAttrs } from './log-attrs.ts';
import { checkLogOptions, logSettings } from './log-settings.ts';

const STARTING = 'failed to create task for container: failed to initialize logging driver: ';

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof EngineError) return `${thrown.kind}: ${thrown.message}`;
    throw thrown;
  }
  return 'no error';
}

test('what create refuses is in the words of dockerd', () => {
  const cases: readonly [string, Record<string, string>, string][] = [
    ['json-file', { x: 'y' }, "invalid: unknown log opt 'x' for json-file log driver"],
    ['json-file', { mode: 'bad' }, 'invalid: logger: logging mode not supported: bad'],
    ['json-file', { 'max-buffer-size': '1m' }, "invalid: logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
    ['json-file', { mode: 'non-blocking', 'max-buffer-size': 'abc' }, "invalid: error parsing option max-buffer-size: invalid size: 'abc'"],
    ['json-file', { mode: 'non-blocking', 'max-buffer-size': '4m' }, 'no error'],
    ['json-file', { 'max-size': 'abc' }, 'no error'],
    ['foo', {}, 'invalid: error looking up logging plugin foo: plugin "foo" not found'],
    ['none', { a: 'b' }, 'invalid: invalid logging opts for driver none'],
    ['none', {}, 'no error'],
    ['awslogs', {}, 'not-implemented: the logging driver "awslogs" is not implemented yet: docker info lists those that are'],
    ['json-file', { 'cache-disabled': 'true' }, 'no error'],
    ['local', { env: 'z' }, "invalid: unknown log opt 'env' for log driver local"],
    ['local', { 'max-size': 'abc' }, 'no error'],
  ];
  for (const [driver, options, message] of cases) assert.equal(messageOf(() => checkLogOptions(driver, options)), message);
});

test('what start refuses is in the words of dockerd', () => {
  const cases: readonly [Record<string, string>, string][] = [
    [{ 'max-size': 'abc' }, "invalid size: 'abc'"],
    [{ 'max-size': '' }, "invalid size: ''"],
    [{ 'max-size': '-5m' }, "invalid size: '-5m'"],
    [{ 'max-size': '10q' }, "invalid suffix: 'q'"],
    [{ 'max-size': '0' }, 'max-size must be a positive number'],
    [{ 'max-file': '0' }, 'max-file cannot be less than 1'],
    [{ 'max-file': 'abc' }, 'strconv.Atoi: parsing "abc": invalid syntax'],
    [{ compress: 'maybe' }, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    [{ compress: 'true' }, 'compress cannot be true when max-file is less than 2 or max-size is not set'],
  ];
  for (const [options, message] of cases) assert.equal(messageOf(() => logSettings('json-file', options)), `internal: ${STARTING}${message}`);
});

test('what a start with the driver local refuses is in the words of dockerd', () => {
  const cases: readonly [Record<string, string>, string][] = [
    [{ 'max-size': 'abc' }, "invalid value for max-size: abc: invalid size: 'abc'"],
    [{ 'max-file': 'abc' }, 'invalid value for max-file: abc: strconv.Atoi: parsing "abc": invalid syntax'],
    [{ 'max-file': '0' }, 'compression cannot be enabled when max file count is 1'],
    [{ 'max-file': '1' }, 'compression cannot be enabled when max file count is 1'],
    [{ compress: 'maybe' }, 'error reading compress log option: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ];
  for (const [options, message] of cases) assert.equal(messageOf(() => logSettings('local', options)), `internal: ${STARTING}${message}`);
  assert.deepEqual(logSettings('local', {}), { written: true, maxBytes: 20 * 1024 * 1024, maxFiles: 5, compress: true });
  assert.deepEqual(logSettings('local', { 'max-size': '1m', 'max-file': '1', compress: 'false' }), { written: true, maxBytes: 1024 * 1024, maxFiles: 1, compress: false });
});

test('the file of a log that is carried away never has just one part', () => {
  assert.deepEqual(logSettings('syslog', {}), { written: true, maxBytes: 10_000_000, maxFiles: 5, compress: false });
  const given = logSettings('syslog', { 'cache-max-size': '1m', 'cache-max-file': '1', 'cache-compress': 'true' });
  assert.deepEqual(given, { written: true, maxBytes: 1024 * 1024, maxFiles: 2, compress: true });
  assert.equal(logSettings('syslog', { 'cache-max-size': 'abc' }).maxBytes, 10_000_000);
});

test('sizes are decimal, files are counted, and disks never fill by default', () => {
  const sizes = (options: Record<string, string>): number[] => {
    const { maxBytes, maxFiles } = logSettings('json-file', options);
    return [maxBytes, maxFiles];
  };
  assert.deepEqual(sizes({}), [10_000_000, 5]);
  assert.deepEqual(sizes({ 'max-file': '2' }), [10_000_000, 2]);
  assert.deepEqual(sizes({ 'max-size': '1.5m' }), [1_500_000, 1]);
  assert.deepEqual(sizes({ 'max-size': '2 KiB', 'max-file': '3' }), [2000, 3]);
  assert.equal(logSettings('none', {}).written, false);
});

const SUBJECT = { id: 'f'.repeat(64), name: 'web', imageId: `sha256:${'a'.repeat(64)}`, imageName: 'nginx', labels: { b: '1', a: '<x>"', ac: '2' }, env: ['E1=v', 'E2=w=x', 'NONE'] };

test('attributes are chosen and written as dockerd does', () => {
  assert.equal(logAttrs({ labels: 'b,a,zz', env: 'E1', tag: '{{.Name}}/{{ .ID }}' }, SUBJECT), `{"E1":"v","a":"\\u003cx\\u003e\\"","b":"1","tag":"web/ffffffffffff"}`);
  assert.equal(logAttrs({ 'labels-regex': '^a', 'env-regex': '2$' }, SUBJECT), `{"E2":"w=x","a":"\\u003cx\\u003e\\"","ac":"2"}`);
  assert.equal(logAttrs({ labels: 'nope' }, SUBJECT), null);
});

test('a pattern that cannot be read fails the start in the words of Go', () => {
  assert.equal(messageOf(() => logAttrs({ 'labels-regex': '(' }, SUBJECT)), `internal: ${STARTING}error parsing regexp: missing closing ): \`(\``);
});

test('a tag that cannot be rendered fails the start', () => {
  assert.equal(messageOf(() => logAttrs({ tag: '{{.Nope}}' }, SUBJECT)), `internal: ${STARTING}template: log-tag:1:2: executing "log-tag" at <.Nope>: can't evaluate field Nope in type *logger.Info`);
});
