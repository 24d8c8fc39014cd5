import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { getItem } from './items.ts';

const definition = loadSync(fileURLToPath(new URL('./items.proto', import.meta.url)), {
  longs: Number,
});
const server = new grpc.Server();
server.addService(definition['items.Items'] as grpc.ServiceDefinition, {
  get(call: { request: { id: string } }, answer: (error: null, item: object) => void) {
    void getItem(call.request).then((item) => answer(null, item));
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(JSON.stringify({ port }));
});
