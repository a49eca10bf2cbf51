import { CommandFailure, errorText } from './command.ts';

/** Docker's exit code for a template that cannot be read. */
const BAD_TEMPLATE_EXIT = 64;

/**
 * Reads a template before anything is asked of the engine.
 *
 * @throws {CommandFailure} with the template's fault and Docker's exit code for it
 */
export function asTemplate<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw new CommandFailure(errorText(thrown), BAD_TEMPLATE_EXIT, { cause: thrown });
  }
}

/** What `--format` takes where objects are listed. */
export const FORMAT_HELP = `How to show each one: 'table' (the default), 'table TEMPLATE', 'json', or a Go template`;

/** What `--format` takes where an object is shown. */
export const OBJECT_FORMAT_HELP = `How to show it: 'json', or a Go template`;
