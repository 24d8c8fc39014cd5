/** Serves the operations for XML-RPC for clients that are not written in TypeScript; prints the
 * address and runs until it is killed. */
import { startHub } from '../../src/testing/index.ts';
import { xmlRpcApplication } from './xmlrpc-application.ts';

const hub = await startHub(xmlRpcApplication({ aborted: [], calls: 0 }), {
  config: {
    auth: {
      users: [{ user: 'ada', password: 'lovelace-1815', scopes: [] }],
      anonymous: 'allow',
    },
  },
});
console.log(`${hub.url}/xmlrpc`);
