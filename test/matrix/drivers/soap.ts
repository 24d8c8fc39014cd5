import * as soap from 'soap';
import { Fault } from '../../../src/model/fault.ts';
import type { CreateDriver, DriverOptions } from '../driver.ts';
import { FULL } from '../tokens.ts';

interface Detail {
  readonly fault: {
    readonly code: string;
    readonly error?: string;
    readonly violation?: { readonly attributes: object } | { readonly attributes: object }[];
  };
  readonly [element: string]: unknown;
}

/** The body of a fault as the `soap` package shows it, in either version. */
interface Body {
  readonly Fault?: {
    readonly faultstring?: string;
    readonly detail?: Detail;
    readonly Reason?: { readonly Text: unknown };
    readonly Detail?: Detail;
  };
}

const NAMESPACE = 'urn:polywire:matrix:matrix';

/** SOAP by the `soap` package, whose client is generated from the WSDL that the hub serves. */
export function soapDriver(version: '1.1' | '1.2'): CreateDriver {
  return async ({ url }) => {
    const client = await soap.createClientAsync(`${url}/soap/matrix?wsdl`, {
      forceSoap12Headers: version === '1.2',
      preserveWhitespace: true,
      disableCache: true,
      // The WSDL is for callers whom the hub knows; each call shows who it is by itself.
      wsdl_headers: { authorization: `Bearer ${FULL}` },
    });

    async function call(
      operation: string,
      input: unknown,
      options: DriverOptions,
    ): Promise<unknown> {
      const name = operation.charAt(7).toUpperCase() + operation.slice(8);
      const { token, timeoutMs, signal } = options;
      const headers = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(timeoutMs === undefined ? {} : { 'x-timeout-ms': String(timeoutMs) }),
      };
      const methods = client as unknown as Record<string, soap.SoapMethodAsync | undefined>;
      const method = methods[`${name}Async`];
      // An operation that the WSDL does not have is sent as text of our own.
      const [answer] =
        method === undefined
          ? await methods.UnaryAsync!({ _xml: `<n:${name} xmlns:n="${NAMESPACE}"/>` })
          : await method(input, { signal }, headers);
      return answer.result;
    }

    return {
      async unary(operation, input, options) {
        try {
          return await call(operation, input, options);
        } catch (error) {
          if (options.signal?.aborted) throw new Fault('CANCELLED', 'given up');
          throw faultIn((error as { root?: { Envelope?: { Body?: Body } } }).root) ?? error;
        }
      },
    };
  };
}

function faultIn(root: { Envelope?: { Body?: Body } } | undefined): Fault | undefined {
  const fault = root?.Envelope?.Body?.Fault;
  const detail = fault?.detail ?? fault?.Detail;
  if (detail === undefined) return undefined;
  const { code, error, violation } = detail.fault;
  const data = error === undefined ? undefined : (detail[error] as { count: unknown });
  return Fault.fromJSON({
    code,
    message: fault?.faultstring ?? String(fault?.Reason?.Text),
    error,
    // The package knows the types of answers, but takes the content of a fault's detail as text.
    data: data === undefined ? undefined : { ...data, count: Number(data.count) },
    violations:
      violation === undefined ? undefined : [violation].flat().map((one) => one.attributes),
  });
}
