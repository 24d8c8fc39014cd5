import type { Endpoint, Hub } from '../../hub/hub.ts';
import type { XmlElement } from '../../wire/xml/element.ts';
import { invalidParameters, XmlRpcFault } from './faults.ts';
import { readValue } from './read-value.ts';
import { ANY_SHAPE } from './shape.ts';
import { helpOf, signaturesOf } from './signatures.ts';

export const MULTICALL = 'system.multicall';

interface SystemMethod {
  readonly signature: readonly string[];
  readonly help: string;
  /** Absent for what is more than a function of the hub's contracts. */
  run?(hub: Hub, params: readonly unknown[]): unknown;
}

/** The methods that every server is expected to have, by the introspection conventions of
 * XML-RPC and the Specification for Fault Code Interoperability. */
const METHODS: Readonly<Record<string, SystemMethod>> = {
  'system.listMethods': {
    signature: ['array'],
    help: 'Answers the names of all methods.',
    run(hub) {
      const operations = [...hub.endpoints()].filter(isUnary).map(({ name }) => name);
      return [...new Set([...operations, ...Object.keys(METHODS)])];
    },
  },
  'system.methodSignature': {
    signature: ['array', 'string'],
    help: 'Answers the signatures of a method: arrays of type names, that of the answer first.',
    run(hub, params) {
      const name = nameIn(params, 'system.methodSignature');
      const found = lookUp(hub, name);
      return 'signature' in found ? [found.signature] : signaturesOf(found);
    },
  },
  'system.methodHelp': {
    signature: ['string', 'string'],
    help: 'Answers what a method does, as text.',
    run(hub, params) {
      const name = nameIn(params, 'system.methodHelp');
      const found = lookUp(hub, name);
      return 'help' in found ? found.help : helpOf(found);
    },
  },
  [MULTICALL]: {
    signature: ['array', 'array'],
    help: 'Runs calls, given as structs of methodName and params, one after another. Answers an array that holds for each call an array with its answer, or the struct of its fault.',
  },
  'system.getCapabilities': {
    signature: ['struct'],
    help: 'Answers the specifications that this server follows.',
    run: () => CAPABILITIES,
  },
};

const CAPABILITIES = {
  xmlrpc: { specUrl: 'http://xmlrpc.com/spec.md', specVersion: 1 },
  introspection: {
    specUrl: 'http://xmlrpc-c.sourceforge.net/introspection.html',
    specVersion: 1,
  },
  faults_interop: {
    specUrl: 'http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php',
    specVersion: 20_010_516,
  },
  nil: { specUrl: 'http://ontosys.com/xml-rpc/extensions.php', specVersion: 20_010_518 },
  [MULTICALL]: {
    specUrl: 'http://mirrors.talideon.com/articles/multicall.html',
    specVersion: 1,
  },
};

function systemMethod(name: string): SystemMethod | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
}

/** Whether XML-RPC can carry it: it has no form for a stream. */
export function isUnary({ operation }: Endpoint): boolean {
  return !operation.input.stream && !operation.output.stream;
}

/**
 * What a `system.` method answers, as JSON; undefined for a name that none has.
 * @throws Fault for parameters that do not fit
 */
export function runSystemMethod(hub: Hub, name: string, params: readonly XmlElement[]): unknown {
  const method = systemMethod(name);
  if (method?.run === undefined) return undefined;
  const taken = method.signature.length - 1;
  if (params.length !== taken) {
    throw invalidParameters(`${name} takes ${taken} parameters; got ${params.length}.`);
  }
  return method.run(
    hub,
    params.map((param) => readValue(param, ANY_SHAPE, 0)),
  );
}

function nameIn([name]: readonly unknown[], method: string): string {
  if (typeof name === 'string') return name;
  throw invalidParameters(`${method} takes the name of a method, a string.`);
}

/** What answers to a name; a contract's own operation goes first, as it does in calls. */
function lookUp(hub: Hub, name: string): Endpoint | SystemMethod {
  const endpoint = hub.endpoint(name);
  if (endpoint !== undefined && isUnary(endpoint)) return endpoint;
  const own = systemMethod(name);
  if (own !== undefined) return own;
  throw noSuchMethod(name, endpoint);
}

/** @param endpoint the operation of that name, where there is one that XML-RPC cannot carry */
export function noSuchMethod(name: string, endpoint: Endpoint | undefined): XmlRpcFault {
  return new XmlRpcFault(
    -32601,
    endpoint === undefined
      ? `There is no method ${JSON.stringify(name.slice(0, 100))}; system.listMethods lists them all.`
      : `${name} streams, which XML-RPC cannot carry; call it over another protocol of this hub.`,
  );
}
