import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatInspect } from './inspect.ts';

const template = '{{.NetworkSettings.IPAddress}}/{{.NetworkSettings.IPPrefixLen}}';

suite('inspect by templates', () => {
  test('finds the address in the default bridge where newer engines have it', () => {
    const answer = { NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2', IPPrefixLen: 16 } } } };
    assert.equal(formatInspect('container', [answer], template), '172.17.0.2/16\n');
  });

  test('leaves the address alone where older engines have it', () => {
    const answer = { NetworkSettings: { IPAddress: '10.0.0.1', IPPrefixLen: 8, Networks: { bridge: { IPAddress: '172.17.0.2' } } } };
    assert.equal(formatInspect('container', [answer], template), '10.0.0.1/8\n');
  });

  test('has no address for a container that is in no bridge', () => {
    assert.equal(formatInspect('container', [{ NetworkSettings: { Networks: { none: { IPAddress: '' } } } }], template), '/0\n');
  });

  test('of nothing is an empty list', () => {
    assert.deepEqual([formatInspect('image', []), formatInspect('image', [], 'json'), formatInspect('image', [], '{{.Id}}')], ['[]\n', '[]\n', '']);
  });

  test('of a kind that has no structs reads the answer as it came', () => {
    assert.equal(formatInspect(undefined, [{ a: { b: 1 } }], '{{.a.b}}'), '1\n');
    assert.throws(() => formatInspect(undefined, [{}], '{{.a}}'), { message: 'template parsing error: template: :1:2: executing "" at <.a>: map has no entry for key "a"' });
  });
});
