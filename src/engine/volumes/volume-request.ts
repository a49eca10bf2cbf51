import { EngineError } from '#base/errors.ts';

/** Docker's rule for names (moby volume/local). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @throws {EngineError} in Docker's words, for a name, a driver or an option that cannot be */
export function assertCreatable(name: string, driver: string, options: Readonly<Record<string, string>>): void {
  if (driver !== '' && driver !== 'local') {
    throw new EngineError('not-found', `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  }
  if (name.length > 255) {
    throw new EngineError('invalid', `create ${name}: volume name is too long, it must be at most 255 characters`);
  }
  if (!NAME.test(name)) {
    const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';
    throw new EngineError(
      'invalid',
      name.length === 1
        ? `create ${name}: volume name is too short, names should be at least two alphanumeric characters`
        : `create ${name}: "${name}" includes invalid characters for a local volume name, only "${allowed}" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  const named = Object.keys(options)[0];
  if (named !== undefined) {
    throw new EngineError('not-implemented', `create ${name}: volume option "${named}" is not there yet: leave it out, or use a bind mount`);
  }
}
