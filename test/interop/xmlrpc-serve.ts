/**
 * Serves the operations for XML-RPC for clients that are not written in TypeScript; prints the
 * address and runs until it is killed.
 *
 *   node test/interop/xmlrpc-serve.ts '{"faultDetails":"text"}'
 */
import { startHub } from '../../src/testing/index.ts';
import { xmlRpcApplication } from './xmlrpc-application.ts';

const hub = await startHub(xmlRpcApplication({ aborted: [], calls: 0 }), {
  config: {
    auth: {
      users: [{ user: 'ada', password: 'lovelace-1815', scopes: [] }],
      anonymous: 'allow',
    },
    protocols: { xmlrpc: JSON.parse(process.argv[2] ?? '{}') as object },
  },
});
console.log(`${hub.url}/xmlrpc`);
