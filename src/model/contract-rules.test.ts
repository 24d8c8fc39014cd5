import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract, EventType, Operation } from './contract.ts';
import { CONTRACT_SCHEMA, ContractError, checkDocument, parseContract } from './contract-form.ts';
import { checkContract } from './contract-rules.ts';
import type { JsonSchemaObject } from './schema.ts';

const ID = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };

const operation = (changes: Partial<Operation> = {}): Operation => ({
  name: 'get',
  kind: 'query',
  input: { schema: ID, stream: false },
  output: { schema: ID, stream: false },
  errors: [],
  scopes: [],
  examples: [],
  ...changes,
});
const event = (changes: Partial<EventType> = {}): EventType => ({
  name: 'moved',
  subject: 'one.{id}',
  key: 'id',
  schema: ID,
  scopes: [],
  examples: [],
  ...changes,
});
const contractOf = (
  operations: Operation[] = [operation()],
  events: EventType[] = [event()],
  changes: Partial<Contract> = {},
): Contract => ({
  polywire: '1',
  name: 'test',
  version: '1.0.0',
  services: [{ name: 'one', operations, events }],
  errors: { Bad: { code: 'ABORTED' } },
  $defs: {},
  ...changes,
});
const withOperation = (changes: Partial<Operation>): Contract => contractOf([operation(changes)]);
const withEvent = (changes: Partial<EventType>): Contract =>
  contractOf([operation()], [event(changes)]);
const withInput = (schema: JsonSchemaObject): Contract =>
  withOperation({ input: { schema, stream: false } });
const member = (schema: object) => ({ type: 'object', properties: { id: schema } });

const BROKEN: [string, Contract, RegExp][] = [
  ['contract name', contractOf([], [], { name: 'Test' }), /name "Test" must be lower-case letters/],
  ['version', contractOf([], [], { version: '1.0' }), /must be SemVer/],
  [
    'service name',
    contractOf([], [], { services: [{ name: 'a.b', operations: [], events: [] }] }),
    /lower camel/,
  ],
  ...['rpc', 'publish', 'subscribe'].map((name): [string, Contract, RegExp] => [
    `service named ${name}`,
    contractOf([], [], { services: [{ name, operations: [operation()], events: [] }] }),
    new RegExp(`^service ${name}: this name is reserved: .*${name}`),
  ]),
  [
    'path of the hub itself',
    withOperation({ kind: 'command', http: { method: 'POST', path: '/publish/{id}' } }),
    /must not begin with \/publish: messages are published/,
  ],
  ['operation name', withOperation({ name: 'Get' }), /lower camel case/],
  ['error name', contractOf([], [], { errors: { bad: { code: 'ABORTED' } } }), /PascalCase/],
  ['error code', contractOf([], [], { errors: { Bad: { code: 'OOPS' as 'ABORTED' } } }), /sixteen/],
  ['type name', contractOf([], [], { $defs: { 'a-b': true } }), /letters, digits and underscores/],
  [
    'a name used twice',
    contractOf([operation(), operation({ http: { path: '/b' } })]),
    /used twice/,
  ],
  ['an event named as an operation', withEvent({ name: 'get' }), /used twice/],
  [
    'names that meet without dots',
    contractOf([], [], {
      services: [
        { name: 'a', operations: [operation({ name: 'bC' })], events: [] },
        { name: 'aB', operations: [operation({ name: 'c' })], events: [] },
      ],
    }),
    /reads "aBC" where names have no dots, and so does a\.bC/,
  ],
  ['unknown error', withOperation({ errors: ['Worse'] }), /"Worse" is not declared.*\(Bad\)/],
  ['a scope with a space', withOperation({ scopes: ['a b'] }), /no spaces/],
  ['input that is no object', withInput({ type: 'string' }), /object schema, not string/],
  ['input of any kind', withInput({}), /object schema/],
  [
    'unknown path member',
    withOperation({ http: { path: '/a/{b}' } }),
    /\{b\}, which is no member of the input \(id\)/,
  ],
  ['path without slash', withOperation({ http: { path: 'a' } }), /begin with a slash/],
  ['partial parameter', withOperation({ http: { path: '/a-{id}' } }), /one whole \{member\}/],
  ['parameter twice', withOperation({ http: { path: '/{id}/{id}' } }), /names \{id\} twice/],
  [
    'structured path member',
    withOperation({
      http: { path: '/{id}' },
      input: { schema: member({ type: 'array' }), stream: false },
    }),
    /must be a string, number or boolean/,
  ],
  [
    'parameter of a streamed input',
    withOperation({ http: { method: 'POST', path: '/{id}' }, input: { schema: ID, stream: true } }),
    /has no members to take it/,
  ],
  [
    'same method and path',
    contractOf([
      operation({ http: { path: '/a/{id}' } }),
      operation({
        name: 'find',
        http: { path: '/a/{key}' },
        input: {
          schema: { type: 'object', properties: { key: { type: 'string' } } },
          stream: false,
        },
      }),
    ]),
    /GET \/a\/\{key\} is bound to one\.get too/,
  ],
  [
    'GET of a command',
    withOperation({ kind: 'command', http: { method: 'GET' } }),
    /no side effect/,
  ],
  [
    'unknown subject member',
    withEvent({ subject: 'a.{b}' }),
    /"b", which is no member of the payload \(id\)/,
  ],
  [
    'optional subject member',
    withEvent({ schema: member({ type: 'string' }) }),
    /must be required/,
  ],
  [
    'structured key',
    withEvent({ subject: 'a', schema: { ...member({ type: 'object' }), required: ['id'] } }),
    /the key names "id", which must be a string/,
  ],
  ['empty level', withEvent({ subject: 'a..b' }), /empty level/],
  ['wildcard level', withEvent({ subject: 'a.>' }), /plain text/],
  ['same subject', contractOf([], [event(), event({ name: 'left' })]), /is that of one\.moved too/],
  [
    'reference to nowhere',
    withInput({ ...ID, allOf: [{ $ref: '#/$defs/No' }] }),
    /leads to no type/,
  ],
  ['foreign reference', withInput(member({ $ref: 'http://x/y' })), /must read "#\/\$defs\/Name"/],
  [
    'endless reference',
    contractOf([operation()], [], { $defs: { A: { anyOf: [{ $ref: '#/$defs/A' }] } } }),
    /refers to itself without anything in between/,
  ],
  ['unknown type', withInput(member({ type: 'date' })), /"date" is no JSON type/],
  ['bad bound', withInput(member({ type: 'string', maxLength: -1 })), /whole number, zero or more/],
  ['bad pattern', withInput(member({ pattern: '(' })), /cannot be used/],
  ['exponential pattern', withInput(member({ pattern: '(a+)+$' })), /repeats a repetition/],
  [
    'trap name',
    withInput({ type: 'object', properties: { constructor: {} } }),
    /"constructor" is not allowed/,
  ],
  ['empty enum', withInput(member({ enum: [] })), /at least one value/],
  [
    'example that does not fit',
    withOperation({ examples: [{ name: 'one', input: { id: 5 } }] }),
    /example "one", input.*at \/id: expected a string, found the number 5/,
  ],
  [
    'example of a stream that is no array',
    withOperation({
      output: { schema: ID, stream: true },
      examples: [{ name: 'one', output: ID }],
    }),
    /must be an array of its items/,
  ],
  ['event example', withEvent({ examples: [{}] }), /example 1: .*expected a member "id"/],
];

test('a sound contract has no problems', () => {
  assert.deepEqual(checkContract(contractOf()), []);
});

test('every rule that is broken is told with its place', () => {
  for (const [name, contract, message] of BROKEN) {
    const found = checkContract(contract).map((problem) => `${problem.place}: ${problem.message}`);
    assert.ok(
      found.some((line) => message.test(line)),
      `${name}: ${found.join(' | ') || 'nothing was told'}`,
    );
  }
});

test('the neutral form is read back exactly as it was', () => {
  const contract = contractOf(
    [operation({ http: { path: '/a/{id}' }, examples: [{ name: 'a', input: { id: 'x' } }] })],
    [event()],
  );
  const text = JSON.stringify(contract);
  assert.equal(JSON.stringify(parseContract(JSON.parse(text))), text);
});

test('a form that is wrong is refused with every place', () => {
  const { version: _version, ...rest } = contractOf();
  const wrong = { ...rest, more: 1, services: [{ name: 5, operations: [], events: [] }] };
  assert.throws(
    () => parseContract(wrong),
    (error) =>
      error instanceof ContractError &&
      /expected a member "version"/.test(error.message) &&
      /at \/services\/0\/name: expected a string, found the number 5/.test(error.message) &&
      /at \/more: expected no member "more"/.test(error.message),
  );
});

test('the form is a closed JSON Schema', () => {
  assert.equal(CONTRACT_SCHEMA.additionalProperties, false);
});

test('any JSON is checked without an exception', () => {
  const schema = fc.oneof(
    fc.jsonValue(),
    fc.record({ type: fc.jsonValue(), $ref: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), schema, (any, one) => {
      checkDocument(any);
      checkDocument({ ...contractOf(), services: any });
      checkDocument({ ...contractOf(), $defs: { A: one } });
      checkDocument(withInput({ ...ID, properties: { id: one } }));
      checkDocument(withInput({ ...ID, required: one, allOf: one, enum: one, items: one }));
    }),
  );
});
