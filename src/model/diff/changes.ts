/** Whether a value travels to the hub (callers write it) or from it (callers read it). */
export type Direction = 'input' | 'output';

interface Effect {
  /** Whether values break those who write them, where the change is on the way in. */
  readonly input: boolean;
  /** Whether values break those who read them, where the change is on the way out. */
  readonly output: boolean;
  readonly why: string;
}

/**
 * Changes of a schema, by what they do to values in JSON. Inputs may only be widened, outputs only
 * be narrowed: a caller still writes what was allowed, and reads nothing that was not announced.
 */
export const SCHEMA_CHANGES = {
  requiredMemberAdded: {
    input: true,
    output: false,
    why: 'callers do not send a member that they do not know',
  },
  optionalMemberAdded: { input: false, output: false, why: 'who does not know it leaves it alone' },
  memberAddedToClosedObject: {
    input: false,
    output: true,
    why: 'readers were told that there are no other members',
  },
  memberRemoved: {
    input: false,
    output: true,
    why: 'who reads it misses it; what is still sent is ignored',
  },
  memberRemovedFromClosedObject: {
    input: true,
    output: true,
    why: 'who still sends it is refused',
  },
  optionalMemberRemoved: {
    input: false,
    output: false,
    why: 'readers had to do without it before; what is still sent is ignored',
  },
  optionalMemberRemovedFromClosedObject: {
    input: true,
    output: false,
    why: 'who still sends it is refused',
  },
  memberMadeRequired: { input: true, output: false, why: 'who left it out is refused' },
  memberMadeOptional: { input: false, output: true, why: 'who reads it may miss it' },
  memberOrderChanged: {
    input: false,
    output: false,
    why: 'JSON has no order of members; forms with positions have',
  },
  objectClosed: { input: true, output: false, why: 'members that were ignored are refused' },
  objectOpened: { input: false, output: true, why: 'members may come that were excluded' },
  typeNarrowed: {
    input: true,
    output: false,
    why: 'values of a type that was accepted are refused',
  },
  typeWidened: { input: false, output: true, why: 'values of a type may come that never came' },
  typeChanged: { input: true, output: true, why: 'values have another type' },
  enumValueRemoved: { input: true, output: false, why: 'a value that was accepted is refused' },
  enumValueAdded: { input: false, output: true, why: 'a value may come that never came' },
  constraintTightened: { input: true, output: false, why: 'values that were accepted are refused' },
  constraintLoosened: { input: false, output: true, why: 'values may come that were excluded' },
  constraintChanged: {
    input: true,
    output: true,
    why: 'values that fitted before may not fit any more, in either direction',
  },
  branchRemoved: { input: true, output: false, why: 'a form that was accepted is refused' },
  branchAdded: { input: false, output: true, why: 'a form may come that never came' },
  defaultAdded: { input: false, output: false, why: 'who left it out gets what the author means' },
  defaultChanged: { input: true, output: false, why: 'who leaves it out means something else now' },
  typeNameChanged: { input: false, output: false, why: 'the name of a type is no part of values' },
  schemaDocChanged: { input: false, output: false, why: 'text for people' },
} as const satisfies Record<string, Effect>;

export type SchemaChangeKind = keyof typeof SCHEMA_CHANGES;

/** Changes of a contract's other parts; `breaking` says whether callers break whatever they speak. */
export const CONTRACT_CHANGES = {
  contractRenamed: { breaking: false, why: 'the name of the contract is no part of names' },
  versionChanged: { breaking: false, why: 'the version is for people' },
  docChanged: { breaking: false, why: 'text for people' },
  examplesChanged: { breaking: false, why: 'text for people' },
  deprecated: { breaking: false, why: 'it still works' },
  deprecationRemoved: { breaking: false, why: 'it works as before' },
  serviceAdded: { breaking: false, why: 'nobody uses it yet' },
  serviceRemoved: { breaking: true, why: 'all its operations and events are gone' },
  operationAdded: { breaking: false, why: 'nobody calls it yet' },
  operationRemoved: { breaking: true, why: 'calls are answered with UNIMPLEMENTED' },
  operationKindChanged: { breaking: false, why: 'its name and values stay' },
  inputStreamChanged: {
    breaking: true,
    why: 'one value and a stream of values are sent differently',
  },
  outputStreamChanged: {
    breaking: true,
    why: 'one value and a stream of values are read differently',
  },
  httpChanged: { breaking: false, why: 'only its HTTP method or path is another' },
  errorAdded: { breaking: false, why: 'who does not know it sees its fault code' },
  errorRemoved: { breaking: false, why: 'it does not come any more' },
  errorCodeChanged: { breaking: true, why: 'who decides by the code decides otherwise' },
  errorMessageChanged: { breaking: false, why: 'text for people' },
  errorDataAdded: { breaking: false, why: 'who does not know it ignores it' },
  errorDataRemoved: { breaking: true, why: 'who reads it misses it' },
  scopeAdded: { breaking: true, why: 'callers without the scope are refused' },
  scopeRemoved: { breaking: false, why: 'more callers are allowed' },
  eventAdded: { breaking: false, why: 'nobody listens to it yet' },
  eventRemoved: { breaking: true, why: 'who listens hears nothing, who publishes is refused' },
  subjectChanged: { breaking: true, why: 'messages come and go under another name' },
  keyChanged: { breaking: false, why: 'order is kept within another key' },
  batchChanged: { breaking: false, why: 'only how the hub gathers calls is another' },
  linkAdded: { breaking: false, why: 'nobody follows it yet' },
  linkRemoved: { breaking: false, why: 'values and operations stay' },
  linkChanged: { breaking: false, why: 'values and operations stay' },
} as const satisfies Record<string, { readonly breaking: boolean; readonly why: string }>;

export type ContractChangeKind = keyof typeof CONTRACT_CHANGES;

/** One difference between two contracts. */
export interface Change {
  readonly kind: SchemaChangeKind | ContractChangeKind;
  /** Of a schema's change. */
  readonly direction?: Direction;
  /** Which part of the hub's work it touches. */
  readonly area: 'call' | 'event' | 'contract';
  /** Breaks callers whatever protocol they speak. Where it is false, a protocol with names or
   * types of its own may break nevertheless. */
  readonly breaking: boolean;
  readonly place: string;
  /** What changed, with both sides. */
  readonly message: string;
  readonly why: string;
}

/** Why a change that breaks one direction is safe in the other. */
const WHY_SAFE: { readonly [direction in Direction]: string } = {
  input: 'whatever callers sent before is still accepted',
  output: 'readers get nothing that they were not told of',
};

export function schemaChange(
  kind: SchemaChangeKind,
  direction: Direction,
  area: Change['area'],
  place: string,
  message: string,
): Change {
  const effect = SCHEMA_CHANGES[kind];
  const breaking = effect[direction];
  const sameReason = effect.input === effect.output || breaking;
  const why = sameReason ? effect.why : WHY_SAFE[direction];
  return { kind, direction, area, breaking, place, message, why };
}

export function contractChange(
  kind: ContractChangeKind,
  area: Change['area'],
  place: string,
  message: string,
): Change {
  return { kind, area, place, message, ...CONTRACT_CHANGES[kind] };
}
