import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, suite, test } from 'node:test';
import { answersAt } from './testing/answers.ts';
import type { Recorded } from './testing/record.ts';
import { render } from './testing/render.ts';

interface Recording {
  readonly recordedAt: number;
  readonly calls: readonly Recorded[];
}

process.env['TZ'] = 'UTC';
const { recordedAt, calls } = JSON.parse(readFileSync(new URL('testing/recorded.json', import.meta.url), 'utf8')) as Recording;
mock.timers.enable({ apis: ['Date'], now: recordedAt * 1000 });
const answers = answersAt(recordedAt);

suite('what docker prints for the same answers of the engine, we print', () => {
  for (const { words, output, failure } of calls) {
    test(words.join(' '), () => {
      if (failure === undefined) assert.equal(render(words, answers), output);
      else assert.throws(() => render(words, answers), { message: failure });
    });
  }
});
