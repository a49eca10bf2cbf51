// Imports point downward only (docs/architecture.md). Prints each that does not, and fails.
import { globSync, readFileSync } from 'node:fs';

/** What each layer may import beside itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ['base'],
  parts: ['base'],
  engine: ['base', 'parts'],
  api: ['base', 'protocol', 'engine', 'parts'],
  client: ['base', 'protocol'],
  cli: ['base', 'protocol', 'client'],
  daemon: ['base', 'protocol', 'parts', 'engine', 'api'],
};

/** Parts that others may lean on; every other part stands alone or names what it needs here. */
const offences: string[] = [];
for (const file of globSync('src/**/*.ts')) {
  const layer = file.split('/')[1] ?? '';
  const allowed = ALLOWED[layer];
  if (!allowed) {
    offences.push(`${file}: ${layer} is no layer`);
    continue;
  }
  const test = /\.(test|contract)\.ts$|testing\.ts$/.test(file);
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(#[a-z]+\/|(?:\.\.\/)+)[^']*'/g)) {
    const to = target.startsWith('#') ? target.slice(1, -1) : undefined;
    if (to === undefined) {
      // a relative path must not leave its layer
      if (target.length / 3 >= file.split('/').length - 2) offences.push(`${file}: leaves its layer by ${target}`);
    } else if (to !== layer && !allowed.includes(to) && !(test && to === 'base')) offences.push(`${file}: ${layer} must not import ${to}`);
  }
  // the door to Linux has one opening
  if (layer !== 'parts' && /from 'koffi'/.test(readFileSync(file, 'utf8'))) offences.push(`${file}: only parts/host may import koffi`);
  if (layer === 'parts' && !file.startsWith('src/parts/host/') && /from 'koffi'/.test(readFileSync(file, 'utf8'))) {
    offences.push(`${file}: only parts/host may import koffi`);
  }
}
for (const offence of offences) console.error(offence);
if (offences.length > 0) process.exit(1);
console.log('layers: imports point downward');
