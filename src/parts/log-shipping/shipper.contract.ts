import assert from 'node:assert/strict';
import test from 'node:test';
import { entry } from '#parts/logs/testing.ts';
import type { LogShipper } from './log-shipper.ts';
import { until } from './testing.ts';

/** A receiver of the driver's protocol, on this machine. */
export interface TestReceiver extends AsyncDisposable {
  /** The lines that have arrived, oldest first. */
  readonly lines: string[];
  /** Ends it, and everything that hangs on it. */
  goAway(): Promise<void>;
  /** Begins again at the same address. */
  comeBack(): Promise<void>;
}

export interface ShipperSubject {
  readonly name: string;
  readonly receiver: () => Promise<TestReceiver>;
  readonly shipper: (receiver: TestReceiver) => LogShipper;
  /** True where a receiver that is away can go unnoticed, as with plain UDP. */
  readonly deaf?: boolean;
}

const cancel = (): AbortSignal => AbortSignal.timeout(10_000);

/** What every driver that carries logs away must do. */
export function shipperContract({ name, receiver: listen, shipper: open, deaf = false }: ShipperSubject): void {
  test(`${name}: lines arrive whole and in order`, { timeout: 20_000 }, async () => {
    await using receiver = await listen();
    await using shipper = open(receiver);
    const long = 'x'.repeat(16_000);
    const texts = ['one', 'two words', 'ünïcode 옹기', '{"json":true}', long, ...Array.from({ length: 300 }, (_, index) => `line ${index}`)];
    for (const text of texts) await shipper.ship([entry(`${text}\n`)], cancel());
    await shipper.ship(texts.map((text) => entry(`again ${text}\n`, { source: 'stderr' })), cancel());
    await until(() => receiver.lines.length >= texts.length * 2);
    assert.deepEqual(receiver.lines, [...texts, ...texts.map((text) => `again ${text}`)]);
  });

  test(`${name}: a receiver that is away refuses, and gets what comes when it is back`, { timeout: 20_000 }, async () => {
    await using receiver = await listen();
    await using shipper = open(receiver);
    await shipper.ship([entry('before\n')], cancel());
    await until(() => receiver.lines.includes('before'));
    await receiver.goAway();
    // what reaches the kernel before it knows may be taken; then it must be refused
    if (!deaf) {
      await assert.rejects(async () => {
        for (let attempt = 0; attempt < 50; attempt++) {
          await shipper.ship([entry('meanwhile\n')], cancel());
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
    }
    await receiver.comeBack();
    for (let taken = false; !taken; ) {
      taken = await shipper.ship([entry('after\n')], cancel()).then(() => true, () => false);
    }
    await until(() => receiver.lines.includes('after'));
  });

  test(`${name}: closing what was never used is harmless`, async () => {
    await using receiver = await listen();
    await open(receiver)[Symbol.asyncDispose]();
  });
}
