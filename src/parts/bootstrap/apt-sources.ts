import { findTool, outputOf } from './run-tool.ts';

/** Where Debian's packages come from, and what this machine's apt has been told about that place. */
export interface AptSources {
  /** Lines for a `sources.list`, the suite itself first; none: Debian's own archive, which mmdebstrap knows. */
  readonly lines: readonly string[];
  /** `Name "value"` settings that concern the mirror's dates, as the host has them. */
  readonly options: readonly string[];
  /** The proxy that apt goes through; empty for none of its own. */
  readonly proxy: string;
}

/** One index that the host's apt knows. */
interface Known {
  readonly uri: string;
  readonly release: string;
}

export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
// A frozen or mirrored archive needs these on the host, and then needs them in the image as well.
const DATE_OPTIONS = ['Acquire::Check-Valid-Until', 'Acquire::Check-Date'];
const ROLLING = new Set(['sid', 'unstable', 'experimental']);

/** The mirror that the host's own apt uses, for another suite where need be; Debian's own where apt tells of none. */
export async function aptSources(suite: string, cancel: AbortSignal): Promise<AptSources> {
  if ((await findTool('apt-get')) === undefined) return { lines: sourceLines(suite, []), options: [], proxy: '' };
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = await outputOf('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], cancel);
  const known = targets.split('\n').flatMap((line) => {
    const [uri = '', release = '', component] = line.split(' ');
    return component === 'main' && /^(https?|file|copy):\/[^\s[\]]*$/.test(uri) ? [{ uri, release }] : [];
  });
  const settings = readSettings(await outputOf('apt-config', ['dump'], cancel));
  const options = DATE_OPTIONS.flatMap((name) => (settings.has(name) ? [`${name} ${JSON.stringify(settings.get(name))}`] : []));
  return { lines: sourceLines(suite, known), options, proxy: settings.get('Acquire::http::Proxy') ?? '' };
}

/** The archive itself, and what updates it where the host knows a mirror of that too. */
export function sourceLines(suite: string, known: readonly Known[]): readonly string[] {
  const isArchive = ({ uri }: Known): boolean => /\/debian\/?$/.test(uri);
  const isSecurity = ({ uri }: Known): boolean => /\/debian-security\/?$/.test(uri);
  const archive = known.find(({ release }) => release === suite) ?? known.find(isArchive);
  if (!archive) return [];
  const line = (uri: string, release: string): string => `deb [signed-by=${KEYRING}] ${uri} ${release} main`;
  const lines = [line(archive.uri, suite)];
  if (ROLLING.has(suite)) return lines;
  const updates = known.find(({ release }) => release === `${suite}-updates`);
  if (updates) lines.push(line(updates.uri, `${suite}-updates`));
  const security = known.find(({ release }) => release === `${suite}-security`) ?? known.find(isSecurity);
  if (security) lines.push(line(security.uri, `${suite}-security`));
  return lines;
}

/** `apt-config dump` prints `Name "value";` lines. */
function readSettings(dump: string): ReadonlyMap<string, string> {
  return new Map([...dump.matchAll(/^([\w:/.-]+) "(.*)";$/gm)].map(([, name = '', value = '']) => [name, value]));
}
