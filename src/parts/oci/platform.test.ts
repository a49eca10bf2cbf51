import assert from 'node:assert/strict';
import test from 'node:test';
import { choosePlatform, formatPlatform, parsePlatform } from './platform.ts';

test('platforms are read in every spelling that Docker takes', () => {
  assert.equal(formatPlatform(parsePlatform('linux/arm64/v8')), 'linux/arm64');
  assert.equal(formatPlatform(parsePlatform('linux/x86_64')), 'linux/amd64');
  assert.equal(formatPlatform(parsePlatform('aarch64')), 'linux/arm64');
  assert.equal(formatPlatform(parsePlatform('linux/arm')), 'linux/arm/v7');
  assert.equal(formatPlatform(parsePlatform('Linux/AMD64')), 'linux/amd64');
  assert.equal(formatPlatform(parsePlatform('windows/amd64')), 'windows/amd64');
  assert.throws(() => parsePlatform('nonsense'), /"nonsense": unknown operating system or architecture: invalid argument/);
  assert.throws(() => parsePlatform('a/b/c/d'), /cannot parse platform specifier/);
  assert.throws(() => parsePlatform('linux/*'), /wildcards/);
  assert.throws(() => parsePlatform('linux//'), /invalid component/);
});

test('the best of what runs there is chosen', () => {
  const of = (text: string): { platform: ReturnType<typeof parsePlatform>; text: string } => ({ platform: parsePlatform(text), text });
  const all = ['linux/arm/v5', 'linux/386', 'linux/arm/v7', 'windows/amd64', 'linux/amd64', 'linux/arm64'].map(of);
  assert.equal(choosePlatform(parsePlatform('linux/amd64'), all)?.text, 'linux/amd64');
  assert.equal(choosePlatform(parsePlatform('linux/amd64'), all.slice(0, 4))?.text, 'linux/386');
  assert.equal(choosePlatform(parsePlatform('linux/arm64'), all)?.text, 'linux/arm64');
  assert.equal(choosePlatform(parsePlatform('linux/arm/v6'), all)?.text, 'linux/arm/v5');
  assert.equal(choosePlatform(parsePlatform('linux/s390x'), all), undefined);
  assert.equal(choosePlatform(parsePlatform('linux/amd64'), [{ platform: undefined }]), undefined);
});
