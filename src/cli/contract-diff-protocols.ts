import type { Change, ContractChangeKind, SchemaChangeKind } from '../model/diff/changes.ts';

/** Protocols that carry calls, shipped or to come. */
const CALLS = ['rest', 'jsonrpc', 'websocket', 'graphql', 'grpc', 'soap', 'xmlrpc', 'mcp'] as const;
/** Protocols that carry messages, shipped or to come. */
const MESSAGES = ['rest', 'websocket', 'sse', 'graphql', 'grpc', 'mqtt', 'amqp', 'kafka'] as const;
export const ALL_PROTOCOLS = [...new Set([...CALLS, ...MESSAGES])] as const;

export type ProtocolName = (typeof ALL_PROTOCOLS)[number];

interface Extra {
  readonly protocols: readonly ProtocolName[];
  readonly why: string;
  /** Only for changes on the way in, or out. */
  readonly direction?: 'input' | 'output';
  /** Only where the whole input or output changed, not something within it. */
  readonly outermost?: boolean;
}

/**
 * What breaks clients of single protocols although values in JSON still fit: names, positions and
 * types that a protocol has and JSON has not. Field numbers are compared by themselves
 * (proto-lock.ts).
 */
export const PROTOCOL_BREAKS: {
  readonly [kind in SchemaChangeKind | ContractChangeKind]?: readonly Extra[];
} = {
  memberOrderChanged: [
    { protocols: ['soap'], why: 'an XSD sequence has its elements in order' },
    {
      protocols: ['jsonrpc', 'websocket', 'xmlrpc'],
      direction: 'input',
      outermost: true,
      why: 'parameters by position follow the order of members',
    },
  ],
  optionalMemberAdded: [
    {
      protocols: ['soap'],
      direction: 'output',
      why: 'clients that validate answers refuse an element which their WSDL has not',
    },
  ],
  requiredMemberAdded: [
    {
      protocols: ['soap'],
      direction: 'output',
      why: 'clients that validate answers refuse an element which their WSDL has not',
    },
  ],
  memberRemoved: [
    {
      protocols: ['graphql', 'soap'],
      direction: 'input',
      why: 'arguments and elements that the schema has not are refused',
    },
  ],
  optionalMemberRemoved: [
    { protocols: ['graphql'], why: 'a query that names a field which is gone is refused' },
    {
      protocols: ['soap'],
      direction: 'input',
      why: 'elements that the schema has not are refused',
    },
  ],
  optionalMemberRemovedFromClosedObject: [
    { protocols: ['graphql'], why: 'a query that names a field which is gone is refused' },
  ],
  memberMadeRequired: [
    {
      protocols: ['soap'],
      direction: 'output',
      why: 'minOccurs is part of types that clients were generated from',
    },
  ],
  memberMadeOptional: [
    {
      protocols: ['graphql'],
      direction: 'input',
      why: 'harmless in queries, but typed variables change from non-null to nullable',
    },
  ],
  typeWidened: [
    { protocols: ['grpc'], direction: 'input', why: 'a protobuf field has another wire type' },
    {
      protocols: ['graphql'],
      direction: 'input',
      why: 'variables declared with the old type do not fit the argument',
    },
  ],
  typeNarrowed: [
    { protocols: ['grpc'], direction: 'output', why: 'a protobuf field has another wire type' },
    {
      protocols: ['graphql'],
      direction: 'output',
      why: 'a field with another scalar type breaks generated clients',
    },
    { protocols: ['soap'], direction: 'output', why: 'an element has another XSD type' },
    { protocols: ['xmlrpc'], direction: 'output', why: 'an int is answered where a double was' },
  ],
  branchAdded: [
    {
      protocols: ['grpc'],
      direction: 'input',
      why: 'a field that becomes a oneof is encoded anew',
    },
  ],
  enumValueRemoved: [
    {
      protocols: ['graphql'],
      direction: 'output',
      why: 'a client that names the value is refused',
    },
  ],
  typeNameChanged: [
    {
      protocols: ['graphql'],
      why: 'fragments, variables and __typename name the type',
    },
    { protocols: ['soap'], why: 'xsi:type and generated classes name the type' },
  ],
  contractRenamed: [{ protocols: ['soap'], why: 'the target namespace of the WSDL is made of it' }],
  operationKindChanged: [
    { protocols: ['rest'], why: 'caches and safe retries rely on the method of a query' },
    { protocols: ['graphql'], why: 'it moves between Query and Mutation' },
  ],
  httpChanged: [{ protocols: ['rest'], why: 'it has another method or path' }],
  linkRemoved: [
    { protocols: ['graphql'], why: 'a query that names a field which is gone is refused' },
  ],
  linkChanged: [{ protocols: ['graphql'], why: 'the field of the link may be of another type' }],
  keyChanged: [{ protocols: ['kafka'], why: 'records of one entity land in other partitions' }],
};

export interface ProtocolBreak {
  readonly protocol: ProtocolName;
  readonly why: string;
}

/** Which protocols' clients a change breaks, and why; none for a safe change. */
export function brokenProtocols(change: Change): ProtocolBreak[] {
  const carriers = carriersOf(change.area);
  if (change.breaking) {
    return carriers.map((protocol) => ({ protocol, why: change.why }));
  }
  return (PROTOCOL_BREAKS[change.kind] ?? [])
    .filter(({ direction }) => direction === undefined || direction === change.direction)
    .filter(({ outermost }) => outermost !== true || !change.place.includes(' at /'))
    .flatMap(({ protocols, why }) =>
      protocols
        .filter((protocol) => carriers.includes(protocol))
        .map((protocol) => ({ protocol, why })),
    );
}

export function carriersOf(area: Change['area']): readonly ProtocolName[] {
  if (area === 'call') return CALLS;
  return area === 'event' ? MESSAGES : ALL_PROTOCOLS;
}
