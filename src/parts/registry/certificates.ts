import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { codeOf, EngineError } from '#base/errors.ts';

/**
 * What a connection to `host` (with its port, if any) trusts and shows: the system's authorities, and what lies in
 * `<root>/<host>/` — every `*.crt` is an authority, every `*.cert` a client certificate whose key is the `*.key` beside it.
 *
 * @throws {EngineError} `internal` where half of a pair is missing, in Docker's words
 */
export async function secureContextFor(root: string, host: string, isVerified: boolean): Promise<SecureContext> {
  const folder = join(root, host.replace(/[^\w.:-]/g, '_'));
  const names = await namesIn(folder);
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const certificates = names.filter((name) => name.endsWith('.cert'));
  assertPairs(names, certificates);
  const keys = certificates.map((name) => name.replace(/\.cert$/, '.key'));
  return createSecureContext({
    // Reading the system's authorities takes a tenth of a second: not for one whose certificate nobody looks at.
    ...(isVerified && { ca: [...trusted(), ...authorities] }),
    ...(certificates.length > 0 && { cert: await Promise.all(certificates.map(read)), key: await Promise.all(keys.map(read)) }),
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return [];
    throw thrown;
  }
}

function assertPairs(names: readonly string[], certificates: readonly string[]): void {
  for (const name of certificates) {
    const key = name.replace(/\.cert$/, '.key');
    if (names.includes(key)) continue;
    throw new EngineError('internal', `missing key ${key} for client certificate ${name}. CA certificates must use the extension .crt`);
  }
  for (const name of names.filter((each) => each.endsWith('.key'))) {
    const certificate = name.replace(/\.key$/, '.cert');
    if (!names.includes(certificate)) throw new EngineError('internal', `missing client certificate ${certificate} for key ${name}`);
  }
}

// Go, and so Docker, trusts what the system trusts. Node's own list serves where the system has none.
function trusted(): readonly string[] {
  const system = getCACertificates('system');
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
}
