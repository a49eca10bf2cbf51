// Bundles the engine and the command line. The C library's binding (koffi) stays outside: it loads a prebuilt binary.
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const commit = tryGit(['rev-parse', '--short', 'HEAD']) ?? 'unknown';
const time = tryGit(['show', '-s', '--format=%cI', 'HEAD']) ?? '1970-01-01T00:00:00Z';
const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: ['koffi'],
  define: {
    'process.env.ONGGI_BUILD_COMMIT': JSON.stringify(commit),
    'process.env.ONGGI_BUILD_TIME': JSON.stringify(time),
  },
  sourcemap: 'linked',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  // packages that still call require()
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
};

// A command that runs meanwhile finds the old bundles or the new ones, whole.
const fresh = `dist.new-${process.pid}`;
await build({ ...common, entryPoints: { onggid: 'src/daemon/main.ts', 'layer-worker': 'src/parts/layers/worker.ts', 'archive-worker': 'src/parts/archive/worker.ts' }, outdir: fresh, splitting: false });
await build({ ...common, entryPoints: { onggi: 'src/cli/main.ts' }, outdir: fresh, splitting: true, chunkNames: 'cli/[name]-[hash]' });
writeFileSync(`${fresh}/.built`, '');
const old = `dist.old-${process.pid}`;
if (existsSync('dist')) renameSync('dist', old);
renameSync(fresh, 'dist');
rmSync(old, { recursive: true, force: true });

function tryGit(args) {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
