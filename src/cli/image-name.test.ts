import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fullName, parseImageName } from './image-name.ts';
import { CommandFailure } from './command.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

for (const [text, canonical, shown] of [
  ['nginx', 'docker.io/library/nginx', 'nginx:latest'],
  ['team/app:1', 'docker.io/team/app', 'team/app:1'],
  ['docker.io/nginx', 'docker.io/library/nginx', 'nginx:latest'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx', 'nginx:latest'],
  ['localhost/app', 'localhost/app', 'localhost/app:latest'],
  ['localhost:5000/team/app:1.2', 'localhost:5000/team/app', 'localhost:5000/team/app:1.2'],
  ['reg.example/a/b/c', 'reg.example/a/b/c', 'reg.example/a/b/c:latest'],
  [`nginx@${DIGEST}`, 'docker.io/library/nginx', `nginx@${DIGEST}`],
  [`nginx:1@${DIGEST}`, 'docker.io/library/nginx', `nginx:1@${DIGEST}`],
  ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app:latest'],
] as const) {
  test(`${text} is ${shown}`, () => {
    const name = parseImageName(text);
    assert.equal(name.canonical, canonical);
    assert.equal(fullName(name), shown);
  });
}

test('what is no reference is refused in Docker\'s words', () => {
  assert.throws(() => parseImageName('Foo'), { message: 'invalid reference format: repository name (library/Foo) must be lowercase' });
  for (const text of ['', 'a:b:c', 'a/b/', '-x', 'a..b', 'x@sha256:12', 'a b', 'a'.repeat(0), `${'a'.repeat(64)}`]) {
    assert.throws(() => parseImageName(text), { message: 'invalid reference format' });
  }
});

test('no text makes it fail otherwise, or take long', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.:/@_-]{0,60}$/)), (text) => {
      try {
        assert.equal(parseImageName(fullName(parseImageName(text))).canonical, parseImageName(text).canonical);
      } catch (thrown) {
        assert.ok(thrown instanceof CommandFailure, String(thrown));
      }
    }),
  );
  const before = Date.now();
  assert.throws(() => parseImageName(`${'a-'.repeat(5000)}!`));
  assert.ok(Date.now() - before < 1000);
});
