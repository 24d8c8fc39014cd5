/**
 * Serves what clients in other languages call over gRPC: the contract of the call matrix, that of
 * the gRPC tests, and one operation that tells how the last call of the matrix's slow operations
 * ended. Prints the address and runs until it is killed.
 */
import { contract, implement, query, service } from '../../src/index.ts';
import { startHub } from '../../src/testing/index.ts';
import { matrixApplication, Witness } from '../matrix/contract.ts';
import { FULL, LIMITED } from '../matrix/tokens.ts';
import { shopApplication } from './grpc-kit.ts';

const Text = { type: 'string' } as const;

const witnesses = contract({
  name: 'witnesses',
  version: '1.0.0',
  services: { witness: service({ operations: { ending: query({ output: Text }) } }) },
});

const witness = new Witness();
const hub = await startHub(
  [
    matrixApplication(witness),
    shopApplication,
    implement(witnesses, {
      witness: {
        // A slow call that was never made ends this one by its own deadline.
        ending: async () => {
          const { code } = await witness.ended;
          witness.reset();
          return code;
        },
      },
    }),
  ],
  {
    config: {
      auth: {
        anonymous: 'allow',
        tokens: [
          { id: 'full', token: FULL, scopes: ['*'] },
          { id: 'limited', token: LIMITED, scopes: [] },
        ],
      },
    },
  },
);
console.log(`${hub.host}:${hub.port}`);
// The first SIGTERM stops gracefully, so that clients see it; the second ends the process.
process.once('SIGTERM', () => void hub.hub.drain(5_000));
