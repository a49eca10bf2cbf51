import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compileTemplate, TemplateError } from './template.ts';

// That templates do what docker's do is in docker-output.test.ts; here is what docker cannot be asked.
suite('templates', () => {
  test('a map that lacks a key answers <no value>, or an error where that is asked for', () => {
    assert.equal(compileTemplate('{{.a}} {{.b}} {{.b.c}}')({ a: 1 }), '1 <no value> <no value>');
    assert.throws(() => compileTemplate('{{.b}}', { missingKey: 'error' })({ a: 1 }), {
      name: 'TemplateError', message: 'template: :1:2: executing "" at <.b>: map has no entry for key "b"',
    });
  });

  test('a compiled template may be used again', () => {
    const template = compileTemplate('{{range $i, $e := .}}{{$i}}{{$e}}{{end}}');
    assert.deepEqual([template(['a', 'b']), template([]), template(['c'])], ['0a1b', '', '0c']);
  });

  test('maps are gone through by key, in byte order', () => {
    assert.equal(compileTemplate('{{range $k, $v := .}}{{$k}}{{end}} {{.}}')({ b: 1, 'é': 2, a: 3, Z: 4 }), 'Zabé map[Z:4 a:3 b:1 é:2]');
  });

  test('keys that JavaScript gives every object are no fields', () => {
    assert.equal(compileTemplate('{{.constructor}} {{.toString}} {{index . "__proto__"}}')({}), '<no value> <no value> <no value>');
  });

  test('large integers keep their digits', () => {
    assert.equal(compileTemplate('{{.n}} {{9223372036854775807}} {{eq .n 1795328268304472320}}')({ n: 1795328268304472320n }), '1795328268304472320 9223372036854775807 true');
  });

  test('functions in the data are methods, and what they return may be called', () => {
    const data = { add: (a: number, b: number): number => a + b, maker: (): (() => string) => () => 'xy' };
    assert.equal(compileTemplate('{{.add 1 2}} {{3 | .add 4}} {{call .maker | len}}')(data), '3 7 2');
  });

  test('templates that invoke themselves without end are stopped', () => {
    assert.throws(() => compileTemplate('{{define "x"}}{{template "x"}}{{end}}{{template "x"}}')({}), /exceeded maximum template depth \(100000\)/);
  });

  test('any text is a template or an error of one', () => {
    const words = ['{{', '}}', '{{-', '-}}', '.', '.A', '$', '$x', ':=', '=', '|', '(', ')', '"a"', '`b`', '1', '1.5', 'if', 'else', 'end', 'range', 'with',
      'define', 'template', 'block', 'break', 'len', 'index', 'printf', 'eq', 'nil', 'true', ' ', '\n', '/*', '*/', ',', "'c'", 'x', '"%d %[2]*.3f"'];
    const source = fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(''));
    fc.assert(fc.property(source, (text) => {
      try {
        assert.equal(typeof compileTemplate(text)({ A: { A: [1, 'a', null] } }), 'string');
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
        assert.match(error.message, /^template: /);
      }
    }), { numRuns: 3000 });
  });

  test('any format is printed by printf', () => {
    const format = fc.array(fc.constantFrom('%', '5', '.', '*', '[', ']', '1', '-', '+', '#', '0', ' ', 'd', 's', 'q', 'v', 'x', 'f', 'g', 'e', 'T', 't', 'c', 'U', '!', 'é'), { maxLength: 12 });
    const value = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(fc.integer()), fc.dictionary(fc.string(), fc.integer()));
    fc.assert(fc.property(format.map((parts) => parts.join('')), fc.array(value, { maxLength: 3 }), (text, values) => {
      const args = values.map((_, index) => `(index .v ${index})`).join(' ');
      assert.equal(typeof compileTemplate(`{{printf .f ${args}}}`)({ f: text, v: values }), 'string');
    }), { numRuns: 3000 });
  });
});
