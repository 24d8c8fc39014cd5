import { Readable } from 'node:stream';
import xmlrpc from 'xmlrpc';
import Deserializer from 'xmlrpc/lib/deserializer.js';
import { Fault } from '../../../src/model/fault.ts';
import type { CreateDriver } from '../driver.ts';

/** XML-RPC by the npm package xmlrpc: one call, one answer. */
export const xmlRpcDriver: CreateDriver = ({ host, port }) => ({
  async unary(operation, input, options) {
    // What node:http takes, this client passes on: a signal too.
    const client = xmlrpc.createClient({
      host,
      port,
      path: '/xmlrpc',
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.timeoutMs === undefined ? {} : { 'x-timeout-ms': String(options.timeoutMs) }),
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const answer = Promise.withResolvers<unknown>();
    client.methodCall(operation, [input], (error, value) => {
      if (error) answer.reject(error);
      else answer.resolve(value);
    });
    try {
      return await answer.promise;
    } catch (error) {
      if (options.signal?.aborted) throw new Fault('CANCELLED', 'given up');
      throw await faultOf(error as { readonly faultCode?: number; readonly body?: string });
    }
  },
});

/** This client keeps the two members of the specification only: the body that it hands out beside
 * them is read once more by its own reader, as if it were an answer. */
async function faultOf(error: { readonly faultCode?: number; readonly body?: string }) {
  if (error.faultCode === undefined || error.body === undefined) return error;
  const answer = error.body
    .replace('<fault>', '<params><param>')
    .replace('</fault>', '</param></params>');
  const struct = await new Promise<{ faultString: string; fault: object }>((resolve, reject) => {
    new Deserializer().deserializeMethodResponse(Readable.from([answer]), (failure, value) => {
      if (failure) reject(failure);
      else resolve(value as { faultString: string; fault: object });
    });
  });
  return Fault.fromJSON({ message: struct.faultString, ...struct.fault });
}
