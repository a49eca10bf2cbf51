// Loads, tags and removes without an end, for a test that kills it. Arguments: the data root, an archive, its name.
import { createReadStream } from 'node:fs';
import { never, quiet, storeUnderTest } from './store-testing.ts';

const [root = '', archive = '', name = ''] = process.argv.slice(2);
const { store } = await storeUnderTest(root);
process.stdout.write('ready\n');
for (;;) {
  await store.load(createReadStream(archive), { platform: '', quiet: true }, quiet, never);
  store.tag(name, 'copy', '');
  await store.remove(name, { force: true, noPrune: false });
  await store.remove('copy', { force: true, noPrune: false });
}
