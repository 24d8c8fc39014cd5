import type { TestContext } from 'node:test';
import { startHub } from '../../src/testing/index.ts';
import { type Seen, xmlRpcApplication } from './xmlrpc-application.ts';

/** A hub on a free port with the operations for XML-RPC.
 * @param config as in polywire.yaml */
export async function startXmlRpcHub(context: TestContext, config: object = {}) {
  const seen: Seen = { aborted: [], calls: 0 };
  const hub = await startHub(xmlRpcApplication(seen), { config });
  context.after(() => hub.close());
  return { ...hub, seen, xmlRpcUrl: `${hub.url}/xmlrpc` };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Of a fault. */
  readonly faultCode: number | undefined;
}

/** Sends a body as it is. */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/xml', ...headers },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  const code = /<name>faultCode<\/name><value><int>(-?\d+)<\/int>/.exec(text)?.[1];
  return {
    status: response.status,
    text,
    headers: response.headers,
    faultCode: code === undefined ? undefined : Number(code),
  };
}

/** A call whose parameters are given as the text of their `<value>` elements. */
export function callText(method: string, ...values: readonly string[]): string {
  const params = values.map((value) => `<param>${value}</param>`).join('');
  return `<?xml version="1.0"?>\n<methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
}
