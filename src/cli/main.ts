import { dispatch } from './dispatch.ts';
import { processConsole } from './process-console.ts';

const console = processConsole();
const exitCode = await dispatch(process.argv.slice(2), console);
await console.stdout.flushed();
await console.stderr.flushed();
// Ends here although a terminal's input may still be open.
process.exit(exitCode);
