import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as soap from 'soap';
import type { Contract, Operation } from '../../src/model/contract.ts';
import type { JsonSchema } from '../../src/model/schema.ts';
import { contractWsdl } from '../../src/protocols/soap/wsdl.ts';
import { createItem, getItem, Item, ItemKey, type ItemValue, NewItem } from './items.ts';

/** The same WSDL that the hub serves, with the same work behind it. */
const operation = (name: string, input: JsonSchema): Operation => ({
  name,
  kind: 'query',
  input: { schema: input, stream: false },
  output: { schema: Item, stream: false },
  errors: [],
  scopes: [],
  examples: [],
});

const contract: Contract = {
  polywire: '1',
  name: 'items',
  version: '1.0.0',
  errors: {},
  $defs: {},
  services: [
    {
      name: 'items',
      events: [],
      operations: [operation('get', ItemKey), operation('create', NewItem)],
    },
  ],
};

const listener = createServer();
listener.listen(0, '127.0.0.1', () => {
  const { port } = listener.address() as AddressInfo;
  const wsdl = contractWsdl(contract, () => `http://127.0.0.1:${port}/soap/items`);
  const methods = {
    Get: async (input: { id: string }) => ({ result: await getItem(input) }),
    Create: async (input: Omit<ItemValue, 'id'>) => ({ result: await createItem(input) }),
  };
  const services = { Items: { ItemsSoap11: methods, ItemsSoap12: methods } };
  soap.listen(listener, {
    path: '/soap/items',
    services,
    xml: wsdl,
    // The load reads answers by their length.
    enableChunkedEncoding: false,
    callback: () => console.log(JSON.stringify({ port })),
  });
});
