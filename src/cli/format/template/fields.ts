import { TemplateError } from './errors.ts';
import { kindOf, Named, NilPointer, NO_VALUE, Struct, typeOf, type Method } from './values.ts';

/**
 * The value of `.NAME` of something.
 *
 * @param args what a method is called with
 * @param strict a key that a map lacks is an error rather than `<no value>`
 */
export function takeField(receiver: unknown, name: string, args: readonly unknown[], strict: boolean): unknown {
  switch (kindOf(receiver)) {
    case 'struct': return fromFields((receiver as Struct).fields, receiver, name, args);
    case 'named': return fromFields((receiver as Named).fields, receiver, name, args);
    case 'map': return fromMap(receiver as Record<string, unknown>, name, args, strict);
    case 'nil':
      if (receiver !== NO_VALUE) throw new TemplateError(`nil pointer evaluating interface {}.${name}`);
      if (strict) throw new TemplateError(`nil data; no entry for key "${name}"`);
      return NO_VALUE;
    case 'nil-pointer': throw new TemplateError(`nil pointer evaluating ${(receiver as NilPointer).type}.${name}`);
    // What stands in a document without types is of Go's type for anything.
    case 'boolean':
    case 'float':
    case 'function':
    case 'int':
    case 'json-number':
    case 'slice':
    case 'string': throw new TemplateError(`can't evaluate field ${name} in type ${strict ? 'interface {}' : typeOf(receiver)}`);
  }
}

function fromFields(fields: Readonly<Record<string, unknown>>, receiver: unknown, name: string, args: readonly unknown[]): unknown {
  if (!Object.hasOwn(fields, name)) throw new TemplateError(`can't evaluate field ${name} in type ${typeOf(receiver)}`);
  const value = fields[name];
  if (typeof value !== 'function') {
    if (args.length > 0) throw new TemplateError(`${name} has arguments but cannot be invoked as function`);
    return value;
  }
  return callMethod(value as Method, name, args);
}

function callMethod(method: Method, name: string, args: readonly unknown[]): unknown {
  if (method.length !== args.length) {
    throw new TemplateError(`wrong number of args for ${name}: want ${method.length} got ${args.length}`);
  }
  return method(...args);
}

function fromMap(map: Readonly<Record<string, unknown>>, name: string, args: readonly unknown[], strict: boolean): unknown {
  const value = Object.hasOwn(map, name) ? map[name] : NO_VALUE;
  if (typeof value === 'function') return callMethod(value as Method, name, args);
  if (args.length > 0) throw new TemplateError(`${name} is not a method but has arguments`);
  if (value !== NO_VALUE) return value;
  if (strict) throw new TemplateError(`map has no entry for key "${name}"`);
  return NO_VALUE;
}
