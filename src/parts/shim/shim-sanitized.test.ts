import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { connectControl } from './connect.ts';
import { frame, readableOrEnded } from './frames.ts';
import { bytesOf, payloadsOf, ShimBench } from './testing.ts';

// A mistake ends a shim that was built with sanitizers, and `exited` is then undefined.
describe('a shim under AddressSanitizer and UBSan', { timeout: 60_000 }, () => {
  let bench: ShimBench;
  before(async () => {
    bench = await ShimBench.make('crun', 'onggi-shim-sanitized');
  });
  after(() => bench[Symbol.asyncDispose]());

  test('is not disturbed by clients that speak nonsense', async () => {
    const launch = await bench.prepare(['sh', '-c', 'while read x && [ "$x" != end ]; do :; done; echo over; exit 6'], { stdin: 'open', attached: true });
    const shim = await bench.launch(launch);
    const types = fc.constantFrom(1, 3, 17, 18, 19, 99, 255);
    const nonsense = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.tuple(types, fc.uint8Array({ maxLength: 80 })).map(([type, payload]) => frame(type, payload)));
    await fc.assert(
      fc.asyncProperty(fc.array(nonsense, { maxLength: 5 }), async (messages) => {
        const socket = await connectControl(launch.directory);
        // 0 and 16 are words for the process, 20 would end it: those are no nonsense
        for (const message of messages) if (![0, 16, 20].includes(message[0] ?? 0)) socket.write(message);
        await readableOrEnded(socket);
        socket.destroy();
      }),
      { numRuns: 300 },
    );
    await shim.write(Buffer.from('\nend\n'));
    assert.equal(payloadsOf(await bytesOf(shim.subscribe()), 1), 'over\n');
    assert.equal((await shim.exited)?.exitCode, 6);
  });

  test('copies much output to many, with a terminal and without', async () => {
    for (const terminal of [false, true]) {
      const shim = await bench.start(['sh', '-c', 'sleep 0.1; seq 100000; seq 1000 >&2'], { terminal, attached: { raw: true } });
      const readers = [shim.subscribe(), shim.subscribe({ raw: true }), shim.subscribe({ raw: true, stderr: false })];
      const lengths = (await Promise.all(readers.map(bytesOf))).map(({ length }) => length);
      const [out, err] = terminal ? [688_895, 4893] : [588_895, 3893];
      assert.deepEqual(lengths, [out + err, out + err, terminal ? out + err : out]);
      assert.equal((await shim.exited)?.exitCode, 0);
    }
  });
});
