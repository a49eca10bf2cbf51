import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followedPath, keepingEnd, parseEnd, planCopy, renamed, splitEnd } from './copy-paths.ts';

test('what has a colon is in a container, unless it begins like a path', () => {
  assert.deepEqual(parseEnd('web:/etc/x'), { container: 'web', path: '/etc/x' });
  assert.deepEqual(parseEnd('web:a:b'), { container: 'web', path: 'a:b' });
  for (const path of ['./a:b', '/a:b', 'file', '-']) assert.deepEqual(parseEnd(path), { container: '', path });
});

test('the end of a path is kept', () => {
  assert.equal(keepingEnd('/a', 'a/.'), '/a/.');
  assert.equal(keepingEnd('/a', 'a/'), '/a/');
  assert.equal(keepingEnd('/', '/.'), '/.');
  assert.deepEqual(splitEnd('/a/b/'), { folder: '/a', base: 'b' });
  assert.deepEqual(splitEnd('/a/.'), { folder: '/a', base: '.' });
  assert.deepEqual(splitEnd('/a'), { folder: '/', base: 'a' });
  assert.deepEqual(splitEnd('a'), { folder: '', base: 'a' });
  assert.deepEqual(followedPath('/link', '/real'), { path: '/real', name: 'link' });
  assert.deepEqual(followedPath('/link/.', '/real'), { path: '/real/.', name: '' });
});

test('where a copy goes is docker’s table', () => {
  const [file, folder] = [{ path: '/s/f', isFolder: false, name: '' }, { path: '/s/d', isFolder: true, name: '' }];
  const target = (path: string, kind: 'none' | 'file' | 'folder') => ({ path, exists: kind !== 'none', isFolder: kind === 'folder' });
  assert.deepEqual(planCopy(file, target('/t', 'folder')), { folder: '/t', from: 'f', to: 'f' });
  assert.deepEqual(planCopy(file, target('/t/x', 'none')), { folder: '/t', from: 'f', to: 'x' });
  assert.deepEqual(planCopy(file, target('/t/x', 'file')), { folder: '/t', from: 'f', to: 'x' });
  assert.deepEqual(planCopy(folder, target('/t/x', 'none')), { folder: '/t', from: 'd', to: 'x' });
  assert.deepEqual(planCopy({ ...folder, path: '/s/d/.' }, target('/t/x', 'none')), { folder: '/t', from: '.', to: 'x' });
  assert.throws(() => planCopy(folder, target('/t/x', 'file')), { message: 'cannot copy directory' });
  assert.throws(() => planCopy(file, target('/t/x/', 'none')), { message: 'no such directory' });
});

test('only the first part of a name is exchanged', () => {
  assert.equal(renamed('d/d/f', { from: 'd', to: 'x' }), 'x/d/f');
  assert.equal(renamed('./a', { from: '.', to: 'x' }), 'x/a');
  assert.equal(renamed('dd/a', { from: 'd', to: 'x' }), 'dd/a');
  assert.equal(renamed('f', { from: 'f', to: 'g' }), 'g');
});
