import { isKind } from '#base/errors.ts';
import { errorText, type CommandCall } from './command.ts';
import type { FlagTable } from './flags/flag.ts';
import { asTemplate } from './format-help.ts';
import { compileInspect, formatInspect, type InspectedKind } from './format/inspect.ts';
import { TemplateError } from './format/template.ts';

/** One object with what it is; undefined where nothing of that name is there. */
export type Found = { readonly kind: InspectedKind | undefined; readonly object: unknown };

/**
 * Shows what was found of `refs`, in one list, and then tells what was not.
 *
 * @returns the exit code: 1 where anything was not found
 */
export async function inspectAll(call: Pick<CommandCall<FlagTable>, 'console' | 'warn'>, refs: readonly string[], format: string, find: (ref: string) => Promise<Found>): Promise<number> {
  if (format !== '' && format !== 'json') asTemplate(() => compileInspect(undefined, format));
  const found: Found[] = [];
  const failures: unknown[] = [];
  for (const ref of refs) {
    try {
      found.push(await find(ref));
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  call.console.stdout.write(shown(found, format, failures));
  for (const failure of failures) call.warn(errorText(failure));
  return failures.length === 0 ? 0 : 1;
}

function shown(found: readonly Found[], format: string, failures: unknown[]): string {
  if (format === '' || format === 'json') return formatInspect(undefined, found.map(({ object }) => object), format);
  let text = '';
  for (const { kind, object } of found) {
    try {
      text += formatInspect(kind, [object], format);
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      // What the template asks for is not there: the others may have it.
      failures.push(thrown);
    }
  }
  // Docker ends an empty answer with its newline too.
  return text || '\n';
}

/** The answer of a search, or undefined where the engine knows no such thing. */
export async function ifThere(search: Promise<unknown>): Promise<unknown> {
  try {
    return await search;
  } catch (thrown) {
    if (isKind(thrown, 'not-found') || isKind(thrown, 'not-implemented')) return undefined;
    throw thrown;
  }
}
