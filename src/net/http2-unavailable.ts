import type { Connection, Receiver } from '../hub/transport.ts';

/** SETTINGS without entries, then GOAWAY with HTTP_1_1_REQUIRED (RFC 9113 sections 6.5, 6.8, 7). */
const ANSWER = Buffer.from('000000040000000000' + '000008070000000000' + '000000000000000d', 'hex');

/** Tells an HTTP/2 client to use HTTP/1.1. */
export function refuseHttp2(connection: Connection): Receiver {
  let answered = false;
  return {
    data() {
      if (answered) return;
      answered = true;
      connection.write(ANSWER);
      connection.end();
    },
    ended: () => connection.end(),
    drained() {},
    closed() {},
    drain: () => connection.end(),
  };
}
