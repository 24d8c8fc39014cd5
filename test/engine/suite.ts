import { describe } from 'node:test';
import { expirySuite } from './expiry.ts';
import type { MakeHost } from './host.ts';
import { lendingSuite } from './lending.ts';
import { orderingSuite } from './ordering.ts';
import { producerSuite } from './producers.ts';
import { readingSuite } from './reading.ts';
import { streamSuite } from './streams.ts';
import { tableSuite } from './tables.ts';
import { transactionSuite } from './transactions.ts';

/** What every engine has to do, written against the interface alone. */
export function engineSuite(name: string, makeHost: MakeHost): void {
  describe(`engine ${name}`, () => {
    streamSuite(makeHost);
    orderingSuite(makeHost);
    lendingSuite(makeHost);
    readingSuite(makeHost);
    expirySuite(makeHost);
    producerSuite(makeHost);
    transactionSuite(makeHost);
    tableSuite(makeHost);
  });
}
