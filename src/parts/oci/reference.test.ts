import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isKind } from '#base/errors.ts';
import { canonicalText, familiarText, parseReference, repositoryOf, withDefaultTag, withTag } from './reference.ts';

const HEX = 'a'.repeat(64);

test('a familiar name is read as Docker Hub reads it', () => {
  const cases: [text: string, canonical: string, familiar: string][] = [
    ['nginx', 'docker.io/library/nginx', 'nginx'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx:1.27'],
    ['user/app', 'docker.io/user/app', 'user/app'],
    ['docker.io/nginx', 'docker.io/library/nginx', 'nginx'],
    ['index.docker.io/nginx', 'docker.io/library/nginx', 'nginx'],
    ['library/nginx', 'docker.io/library/nginx', 'nginx'],
    ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
    ['localhost/app', 'localhost/app', 'localhost/app'],
    ['localhost:5000/a/b:x', 'localhost:5000/a/b:x', 'localhost:5000/a/b:x'],
    ['reg.example.com/app', 'reg.example.com/app', 'reg.example.com/app'],
    ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
    ['Upper/app', 'Upper/app', 'Upper/app'],
    [`nginx@sha256:${HEX}`, `docker.io/library/nginx@sha256:${HEX}`, `nginx@sha256:${HEX}`],
    [`nginx:1@sha256:${HEX}`, `docker.io/library/nginx:1@sha256:${HEX}`, `nginx:1@sha256:${HEX}`],
    ['a__b--c.d', 'docker.io/library/a__b--c.d', 'a__b--c.d'],
  ];
  for (const [text, canonical, familiar] of cases) {
    const reference = parseReference(text);
    assert.equal(canonicalText(reference), canonical);
    assert.equal(familiarText(reference), familiar);
  }
});

test('what Docker refuses is refused in its words', () => {
  const cases: [text: string, message: string][] = [
    ['', 'invalid reference format'],
    ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['user/App:x', 'invalid reference format: repository name (user/App) must be lowercase'],
    [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    ['a:', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['a:b:c', 'invalid reference format'],
    ['-a', 'invalid reference format'],
    ['a___b', 'invalid reference format'],
    ['a@sha256:abc', 'invalid reference format'],
    [`a@sha256:${HEX}a`, 'invalid checksum digest length'],
    [`a@sha512:${HEX}${HEX}`, 'unsupported digest algorithm'],
    [`a:${'t'.repeat(129)}`, 'invalid reference format'],
    [`a/${'b'.repeat(260)}`, 'repository name must not be more than 255 characters'],
    ['a b', 'invalid reference format'],
    ['a\n', 'invalid reference format'],
    ['https://a/b', 'invalid reference format'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseReference(text), (thrown) => isKind(thrown, 'invalid') && thrown.message === message, text);
  }
});

test('a tag is added only where nothing is said', () => {
  assert.equal(familiarText(withDefaultTag(parseReference('a'))), 'a:latest');
  assert.equal(familiarText(withDefaultTag(parseReference(`a@sha256:${HEX}`))), `a@sha256:${HEX}`);
  assert.equal(familiarText(repositoryOf(parseReference('a:1'))), 'a');
  assert.throws(() => withTag(parseReference('a'), 'x y'), /invalid tag format/);
});

test('any text is either refused with an EngineError or reads the same again from both of its forms', () => {
  const piece = fc.constantFrom('a', 'b9', 'A', '/', ':', '@', '.', '-', '_', '__', 'localhost', 'docker.io', '5000', `sha256:${HEX}`, '[', ']', ' ', '\u00e9');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))), (text) => {
      let reference;
      try {
        reference = parseReference(text);
      } catch (thrown) {
        assert.ok(isKind(thrown, 'invalid'));
        return;
      }
      assert.deepEqual(parseReference(canonicalText(reference)), reference);
      assert.deepEqual(parseReference(familiarText(reference)), reference);
    }),
    { numRuns: 5000 },
  );
});

test('a hostile reference is refused at once', () => {
  const start = performance.now();
  assert.throws(() => parseReference(`${'a.'.repeat(500_000)}!`));
  assert.throws(() => parseReference(`a/${'-'.repeat(1000)}`));
  assert.throws(() => parseReference(`a${'_a-a'.repeat(200)}!`));
  assert.ok(performance.now() - start < 1000);
});
