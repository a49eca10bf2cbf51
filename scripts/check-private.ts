// The lock file must not name the hosts that packages were fetched from: another machine has its own.
import { readFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { resolved?: string }> };
const named = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
for (const [name, { resolved }] of named) console.error(`package-lock.json: ${name} names ${resolved}`);
if (named.length > 0) process.exit(1);
