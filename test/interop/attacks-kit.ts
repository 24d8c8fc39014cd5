import { command, contract, implement, service, stream } from '../../src/index.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';

const Kept = {
  type: 'object',
  properties: { kept: { type: 'boolean' } },
  required: ['kept'],
} as const;

const vault = contract({
  name: 'vault',
  version: '1.0.0',
  services: {
    vault: service({
      operations: {
        keep: command({
          input: {
            type: 'object',
            properties: {
              any: true,
              whole: { type: 'integer' },
              real: { type: 'number' },
              long: { type: 'string', format: 'int64' },
              price: { type: 'string', format: 'decimal', maxLength: 40 },
              names: { type: 'array', items: { type: 'string' }, maxItems: 10 },
            },
            additionalProperties: false,
          } as const,
          output: Kept,
        }),
        gather: command({ input: stream(Kept), output: Kept }),
      },
    }),
  },
});

export interface Target extends TestHub {
  /** Inputs that came as far as a handler. */
  readonly reached: unknown[];
}

/** A hub whose handlers remember what reached them. */
export async function startTarget(): Promise<Target> {
  const reached: unknown[] = [];
  const application = implement(vault, {
    vault: {
      keep: (input) => {
        reached.push(input);
        return { kept: true };
      },
      gather: async (items) => {
        for await (const item of items) reached.push(item);
        return { kept: true };
      },
    },
  });
  return { ...(await startHub([application])), reached };
}

/** One way in over HTTP. */
export interface Door {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A request for vault.keep whose input has one member, given in the notation of the protocol. */
  body(member: string, value: string): string;
  /** What an answer says that turns a request away for what the client sent. */
  readonly refusal: RegExp;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const REFUSED = /"(?:INVALID_ARGUMENT|RESOURCE_EXHAUSTED)"/;
const RPC_REFUSED = /"code":-32(?:700|60[02]|008)/;

const MCP_META =
  '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

export const JSON_DOORS: readonly Door[] = [
  {
    name: 'REST',
    path: '/vault/keep',
    headers: JSON_TYPE,
    body: (member, value) => `{"${member}":${value}}`,
    refusal: REFUSED,
  },
  {
    name: 'JSON-RPC',
    path: '/rpc',
    headers: JSON_TYPE,
    body: (member, value) =>
      `{"jsonrpc":"2.0","id":1,"method":"vault.keep","params":{"${member}":${value}}}`,
    refusal: RPC_REFUSED,
  },
  {
    name: 'GraphQL variables',
    path: '/graphql',
    headers: { ...JSON_TYPE, accept: 'application/graphql-response+json' },
    body: (member, value) =>
      `{"query":"mutation ($value: ${GRAPHQL_TYPES[member]}) { vaultKeep(${member}: $value) { kept } }","variables":{"value":${value}}}`,
    refusal: REFUSED,
  },
  {
    name: 'MCP',
    path: '/mcp',
    headers: {
      ...JSON_TYPE,
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'vault_keep',
    },
    body: (member, value) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"vault_keep","arguments":{"${member}":${value}},"_meta":${MCP_META}}}`,
    refusal: /INVALID_ARGUMENT|RESOURCE_EXHAUSTED|"code":-32(?:700|60[02])/,
  },
  {
    name: 'Connect JSON',
    path: '/vault.Vault/Keep',
    headers: JSON_TYPE,
    body: (member, value) => `{"${member}":${value}}`,
    refusal: /"code":"(?:invalid_argument|resource_exhausted)"/,
  },
];

const GRAPHQL_TYPES: Readonly<Record<string, string>> = {
  any: 'JSON',
  whole: 'Long',
  real: 'Float',
  long: 'BigInt',
  price: 'Decimal',
  names: '[String!]',
};

const XML_TYPE = { 'content-type': 'text/xml' };

export const XML_DOORS: readonly Door[] = [
  {
    name: 'SOAP 1.1',
    path: '/soap/vault',
    headers: XML_TYPE,
    body: (member, value) => soapCall('http://schemas.xmlsoap.org/soap/envelope/', member, value),
    refusal: /Client<[\s\S]*(?:INVALID_ARGUMENT|RESOURCE_EXHAUSTED)/,
  },
  {
    name: 'SOAP 1.2',
    path: '/soap/vault',
    headers: { 'content-type': 'application/soap+xml' },
    body: (member, value) => soapCall('http://www.w3.org/2003/05/soap-envelope', member, value),
    refusal: /Sender<[\s\S]*(?:INVALID_ARGUMENT|RESOURCE_EXHAUSTED)/,
  },
  {
    name: 'XML-RPC',
    path: '/xmlrpc',
    headers: XML_TYPE,
    body: (member, value) =>
      `<methodCall><methodName>vault.keep</methodName><params><param><value><struct><member><name>${member}</name><value>${value}</value></member></struct></value></param></params></methodCall>`,
    refusal: /<name>faultCode<\/name><value><int>-32(?:70[0-2]|60[02]|008)<\/int>/,
  },
];

function soapCall(envelope: string, member: string, value: string): string {
  return `<s:Envelope xmlns:s="${envelope}" xmlns:v="urn:polywire:vault:vault"><s:Body><v:Keep><v:${member}>${value}</v:${member}></v:Keep></s:Body></s:Envelope>`;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export async function sendTo(
  target: Target,
  door: Pick<Door, 'path' | 'headers'>,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(target.url + door.path, {
    method: 'POST',
    headers: { ...door.headers, ...headers },
    body,
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
}
