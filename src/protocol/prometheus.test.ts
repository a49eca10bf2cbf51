import assert from 'node:assert/strict';
import test from 'node:test';
import { prometheusText } from './prometheus.ts';

test('families are written with help and type, labels escaped', () => {
  const text = prometheusText([
    { name: 'a_total', help: 'Things\nthat \\ count', type: 'counter', samples: [{ labels: {}, value: 1.5 }] },
    { name: 'b', help: 'More', type: 'gauge', samples: [{ labels: { name: 'a "b" \\ c\nd', x: '' }, value: Infinity }, { labels: { name: 'z' }, value: 1e21 }] },
    { name: 'c', help: 'None', type: 'gauge', samples: [] },
  ]);
  assert.equal(text, [
    '# HELP a_total Things\\nthat \\\\ count', '# TYPE a_total counter', 'a_total 1.5',
    '# HELP b More', '# TYPE b gauge', 'b{name="a \\"b\\" \\\\ c\\nd",x=""} +Inf', 'b{name="z"} 1e+21',
    '# HELP c None', '# TYPE c gauge', '',
  ].join('\n'));
});
