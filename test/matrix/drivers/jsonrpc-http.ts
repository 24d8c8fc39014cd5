import jayson from 'jayson/promise/index.js';
import { Fault } from '../../../src/model/fault.ts';
import type { CreateDriver } from '../driver.ts';

/** JSON-RPC over HTTP by jayson: one call, one answer. */
export const httpDriver: CreateDriver = ({ host, port }) => ({
  async unary(operation, input, options) {
    const client = jayson.client.http({
      host,
      port,
      path: '/rpc',
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.timeoutMs === undefined ? {} : { 'x-timeout-ms': String(options.timeoutMs) }),
      },
    });
    let answer: { error?: { message: string; data?: object }; result?: unknown };
    try {
      answer = await client.request(operation, input as object);
    } catch (error) {
      // jayson throws for a status that is no success and keeps neither body nor headers.
      if ((error as { code?: number }).code === 401) throw new Fault('UNAUTHENTICATED', '401');
      throw error;
    }
    if (answer.error !== undefined) {
      throw Fault.fromJSON({ message: answer.error.message, ...answer.error.data });
    }
    return answer.result;
  },
});
