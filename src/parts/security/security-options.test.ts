import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSecurityOptions } from './security-options.ts';

test('nothing asked is nothing set', () => {
  assert.deepEqual(parseSecurityOptions([]), { noNewPrivileges: false, seccomp: undefined, apparmor: undefined, labels: [], writableCgroups: false });
});

test('flags take no value, or one of the words for true and false', () => {
  for (const option of ['no-new-privileges', 'no-new-privileges=true', 'no-new-privileges:true', 'no-new-privileges=1']) {
    assert.equal(parseSecurityOptions([option]).noNewPrivileges, true, option);
  }
  assert.equal(parseSecurityOptions(['no-new-privileges=false']).noNewPrivileges, false);
  assert.equal(parseSecurityOptions(['writable-cgroups']).writableCgroups, true);
});

test('the last of several profiles counts', () => {
  const options = parseSecurityOptions(['seccomp=unconfined', 'seccomp={"a":"b=c"}', 'apparmor:mine', 'label=disable', 'label=user:x', 'disable']);
  assert.equal(options.seccomp, '{"a":"b=c"}');
  assert.equal(options.apparmor, 'mine');
  assert.deepEqual(options.labels, ['disable', 'user:x', 'disable']);
});

test('what Docker refuses is refused in its words', () => {
  const refused = (option: string, message: string): void => {
    assert.throws(() => parseSecurityOptions([option]), { kind: 'internal', message });
  };
  refused('x', 'invalid --security-opt 1: "x"');
  refused('foo=bar', 'invalid --security-opt 2: "foo=bar"');
  refused('no-new-privileges=maybe', 'invalid --security-opt 2: "no-new-privileges=maybe"');
  refused('systempaths=unconfined', 'invalid --security-opt 2: "systempaths=unconfined"');
  refused('writable-cgroups=x', 'invalid --security-opt 2: "writable-cgroups=x"');
});
