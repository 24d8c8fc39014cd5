import xmlrpc from 'xmlrpc';
import { getItem } from './items.ts';

const server = xmlrpc.createServer({ host: '127.0.0.1', port: 0 }, () => {
  const { port } = server.httpServer.address() as { port: number };
  console.log(JSON.stringify({ port }));
});

server.on('items.get', (_error, [input]: [{ id: string }], answer) => {
  getItem(input).then(
    (item) => answer(null, item),
    (error: unknown) => answer(error as object, null),
  );
});
