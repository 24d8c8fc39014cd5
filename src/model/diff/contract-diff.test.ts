import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract, EventType, Operation } from '../contract.ts';
import { checkContract } from '../contract-rules.ts';
import type { JsonSchema } from '../schema.ts';
import { compileSchema } from '../validation/validator.ts';
import { diffContracts } from './contract-diff.ts';

const NOTHING: JsonSchema = { type: 'object', properties: {} };

function operation(changes: Partial<Operation> = {}): Operation {
  return {
    name: 'go',
    kind: 'command',
    input: { schema: NOTHING, stream: false },
    output: { schema: { type: 'null' }, stream: false },
    errors: [],
    scopes: [],
    examples: [],
    ...changes,
  };
}

function event(changes: Partial<EventType> = {}): EventType {
  return {
    name: 'went',
    subject: 'one.went',
    schema: NOTHING,
    scopes: [],
    examples: [],
    ...changes,
  };
}

function contractOf(
  changes: Partial<Contract> & { operation?: Operation; event?: EventType } = {},
) {
  const { operation: one = operation(), event: other = event(), ...rest } = changes;
  const whole: Contract = {
    polywire: '1',
    name: 'test',
    version: '1.0.0',
    services: [{ name: 'one', operations: [one], events: [other] }],
    errors: { Bad: { code: 'ABORTED' }, Worse: { code: 'INTERNAL' } },
    $defs: {},
    ...rest,
  };
  return whole;
}

function kinds(before: Contract, after: Contract): string[] {
  return diffContracts(before, after).map(
    ({ kind, breaking }) => `${breaking ? 'breaking' : 'safe'} ${kind}`,
  );
}

const withSchema = (direction: 'input' | 'output', schema: JsonSchema): Contract =>
  contractOf({ operation: operation({ [direction]: { schema, stream: false } }) });

const members = (properties: object, required: string[] = [], more: object = {}): JsonSchema => ({
  type: 'object',
  properties,
  required,
  ...more,
});
const inA = (schema: unknown): JsonSchema => members({ a: schema }, ['a']);
const text = { type: 'string' };
const number = { type: 'number' };

/** before, after, kind, breaking as input, breaking as output */
const SCHEMA_TABLE: [JsonSchema, JsonSchema, string, boolean, boolean][] = [
  [members({}), members({ a: text }, ['a']), 'requiredMemberAdded', true, false],
  [members({}), members({ a: text }), 'optionalMemberAdded', false, false],
  [members({ a: text }, ['a']), members({}), 'memberRemoved', false, true],
  [members({ a: text }), members({}), 'optionalMemberRemoved', false, false],
  [
    members({ a: text }, ['a'], { additionalProperties: false }),
    members({}, [], { additionalProperties: false }),
    'memberRemovedFromClosedObject',
    true,
    true,
  ],
  [
    members({ a: text }, [], { additionalProperties: false }),
    members({}, [], { additionalProperties: false }),
    'optionalMemberRemovedFromClosedObject',
    true,
    false,
  ],
  [members({ a: text }), members({ a: text }, ['a']), 'memberMadeRequired', true, false],
  [members({ a: text }, ['a']), members({ a: text }), 'memberMadeOptional', false, true],
  [
    members({ a: text, b: text }),
    members({ b: text, a: text }),
    'memberOrderChanged',
    false,
    false,
  ],
  [members({}), members({}, [], { additionalProperties: false }), 'objectClosed', true, false],
  [members({}, [], { additionalProperties: false }), members({}), 'objectOpened', false, true],
  [inA({ type: ['string', 'null'] }), inA(text), 'typeNarrowed', true, false],
  [inA(text), inA({ type: ['string', 'null'] }), 'typeWidened', false, true],
  [inA(number), inA({ type: 'integer' }), 'typeNarrowed', true, false],
  [inA({ type: 'integer' }), inA(number), 'typeWidened', false, true],
  [inA(text), inA(number), 'typeChanged', true, true],
  [inA({ enum: ['x', 'y'] }), inA({ enum: ['x'] }), 'enumValueRemoved', true, false],
  [inA({ enum: ['x'] }), inA({ enum: ['x', 'y'] }), 'enumValueAdded', false, true],
  [inA(text), inA({ ...text, enum: ['x'] }), 'constraintTightened', true, false],
  [inA({ ...text, enum: ['x'] }), inA(text), 'constraintLoosened', false, true],
  [
    inA({ ...number, minimum: 1 }),
    inA({ ...number, minimum: 2 }),
    'constraintTightened',
    true,
    false,
  ],
  [
    inA({ ...number, minimum: 2 }),
    inA({ ...number, minimum: 1 }),
    'constraintLoosened',
    false,
    true,
  ],
  [
    inA({ ...number, maximum: 1 }),
    inA({ ...number, maximum: 2 }),
    'constraintLoosened',
    false,
    true,
  ],
  [inA({ ...text, maxLength: 5 }), inA(text), 'constraintLoosened', false, true],
  [inA(text), inA({ ...text, maxLength: 5 }), 'constraintTightened', true, false],
  [inA(text), inA({ ...text, format: 'uuid' }), 'constraintTightened', true, false],
  [
    inA({ ...text, format: 'uuid' }),
    inA({ ...text, format: 'date' }),
    'constraintChanged',
    true,
    true,
  ],
  [inA({ ...text, pattern: 'a' }), inA(text), 'constraintLoosened', false, true],
  [
    inA({ ...number, multipleOf: 2 }),
    inA({ ...number, multipleOf: 4 }),
    'constraintTightened',
    true,
    false,
  ],
  [
    inA({ type: 'array', items: text }),
    inA({ type: 'array', items: number }),
    'typeChanged',
    true,
    true,
  ],
  [
    inA({ type: 'array', items: text }),
    inA({ type: 'array', items: text, uniqueItems: true }),
    'constraintTightened',
    true,
    false,
  ],
  [inA({ anyOf: [text] }), inA({ anyOf: [text, { type: 'null' }] }), 'branchAdded', false, true],
  [inA({ anyOf: [{ type: 'null' }, text] }), inA({ anyOf: [text] }), 'branchRemoved', true, false],
  [
    inA({ oneOf: [text] }),
    inA({ oneOf: [{ ...text, maxLength: 1 }] }),
    'constraintTightened',
    true,
    false,
  ],
  [inA(number), inA({ ...number, default: 1 }), 'defaultAdded', false, false],
  [inA({ ...number, default: 1 }), inA({ ...number, default: 2 }), 'defaultChanged', true, false],
  [inA(text), inA({ ...text, description: 'x' }), 'schemaDocChanged', false, false],
  // A member that is required need not be described.
  [members({ a: true }), members({}, ['a']), 'memberMadeRequired', true, false],
  // In a map, a member was allowed before it had a name.
  [
    members({}, [], { additionalProperties: text }),
    members({ a: { ...text, maxLength: 1 } }, [], { additionalProperties: text }),
    'constraintTightened',
    true,
    false,
  ],
  [inA(members({ b: text })), inA(members({ b: text }, ['b'])), 'memberMadeRequired', true, false],
];

test('inputs may be widened and outputs narrowed; the other way round breaks', () => {
  for (const [before, after, kind, input, output] of SCHEMA_TABLE) {
    for (const [direction, breaking] of [
      ['input', input],
      ['output', output],
    ] as const) {
      const found = kinds(withSchema(direction, before), withSchema(direction, after));
      const shown = `${direction}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
      assert.deepEqual(found, [`${breaking ? 'breaking' : 'safe'} ${kind}`], shown);
    }
  }
});

test('a member that is added to a closed object breaks readers', () => {
  const closed = { additionalProperties: false };
  const before = members({}, [], closed);
  const after = members({ a: text }, [], closed);
  assert.deepEqual(kinds(withSchema('output', before), withSchema('output', after)), [
    'breaking memberAddedToClosedObject',
  ]);
  assert.deepEqual(kinds(withSchema('input', before), withSchema('input', after)), [
    'safe optionalMemberAdded',
  ]);
});

const CONTRACT_TABLE: [Contract, Contract, string[]][] = [
  [contractOf(), contractOf({ version: '2.0.0' }), ['safe versionChanged']],
  [contractOf(), contractOf({ name: 'other' }), ['safe contractRenamed']],
  [contractOf(), contractOf({ doc: 'x' }), ['safe docChanged']],
  [contractOf(), contractOf({ services: [] }), ['breaking serviceRemoved']],
  [contractOf({ services: [] }), contractOf(), ['safe serviceAdded']],
  [
    contractOf(),
    contractOf({ operation: operation({ name: 'run' }) }),
    ['breaking operationRemoved', 'safe operationAdded'],
  ],
  [
    contractOf(),
    contractOf({ event: event({ name: 'ran' }) }),
    ['breaking eventRemoved', 'safe eventAdded'],
  ],
  [
    contractOf(),
    contractOf({ operation: operation({ kind: 'query', http: { method: 'POST' } }) }),
    ['safe operationKindChanged'],
  ],
  [
    contractOf(),
    contractOf({ operation: operation({ http: { path: '/x' } }) }),
    ['safe httpChanged'],
  ],
  // Saying what was the default before changes nothing.
  [contractOf(), contractOf({ operation: operation({ http: { path: '/one/go' } }) }), []],
  [contractOf(), contractOf({ operation: operation({ scopes: ['a'] }) }), ['breaking scopeAdded']],
  [contractOf({ event: event({ scopes: ['a'] }) }), contractOf(), ['safe scopeRemoved']],
  [contractOf(), contractOf({ operation: operation({ errors: ['Bad'] }) }), ['safe errorAdded']],
  [contractOf({ operation: operation({ errors: ['Bad'] }) }), contractOf(), ['safe errorRemoved']],
  [
    contractOf(),
    contractOf({ operation: operation({ deprecated: 'use x' }) }),
    ['safe deprecated'],
  ],
  [
    contractOf(),
    contractOf({ operation: operation({ input: { schema: NOTHING, stream: true } }) }),
    ['breaking inputStreamChanged'],
  ],
  [
    contractOf(),
    contractOf({ operation: operation({ output: { schema: { type: 'null' }, stream: true } }) }),
    ['breaking outputStreamChanged'],
  ],
  [
    contractOf(),
    contractOf({ errors: { Bad: { code: 'NOT_FOUND', data: text } } }),
    ['breaking errorCodeChanged', 'safe errorDataAdded', 'safe errorRemoved'],
  ],
  [
    contractOf({ errors: { Bad: { code: 'ABORTED', data: members({ a: text }, ['a']) } } }),
    contractOf({ errors: { Bad: { code: 'ABORTED', data: members({ a: text }) } } }),
    ['breaking memberMadeOptional'],
  ],
  [contractOf(), contractOf({ event: event({ subject: 'x' }) }), ['breaking subjectChanged']],
  [contractOf(), contractOf({ event: event({ key: 'a' }) }), ['safe keyChanged']],
  // An event is published and received: what is safe for the one breaks the other.
  [
    contractOf({ event: event({ schema: members({ a: text }) }) }),
    contractOf({ event: event({ schema: members({ a: text }, ['a']) }) }),
    ['breaking memberMadeRequired', 'safe memberMadeRequired'],
  ],
];

test('changes of the other parts of a contract are classed', () => {
  for (const [before, after, expected] of CONTRACT_TABLE) {
    assert.deepEqual(kinds(before, after), expected);
  }
});

test('types that refer to themselves are compared once, and named', () => {
  const tree = (more: object): Contract['$defs'] => ({
    Tree: members({ next: { $ref: '#/$defs/Tree' }, ...more }),
  });
  const input = { schema: { $ref: '#/$defs/Tree' }, stream: false };
  const changes = diffContracts(
    contractOf({ $defs: tree({}), operation: operation({ input }) }),
    contractOf({ $defs: tree({ size: number }), operation: operation({ input }) }),
  );
  assert.deepEqual(
    changes.map(({ kind, place }) => [kind, place]),
    [['optionalMemberAdded', 'type Tree, in inputs']],
  );
});

test('a type that gets a name keeps its values', () => {
  const named = contractOf({
    $defs: { Name: text },
    operation: operation({
      input: { schema: inA({ $ref: '#/$defs/Name' }), stream: false },
    }),
  });
  assert.deepEqual(kinds(withSchema('input', inA(text)), named), ['safe typeNameChanged']);
});

test('a contract does not differ from its copy', () => {
  for (const [before] of CONTRACT_TABLE) {
    assert.deepEqual(diffContracts(before, structuredClone(before)), []);
  }
});

/** Small schemas of which both verdicts and values are easy to make. */
const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    fc.record(
      { type: fc.constant('string'), minLength: fc.nat(2), maxLength: fc.nat(3) },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      { type: fc.constantFrom('integer', 'number'), minimum: fc.nat(2), maximum: fc.nat(3) },
      { requiredKeys: ['type'] },
    ),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom('', 'a', 1, null), { minLength: 1 }) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc
      .record({
        properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), {
          noNullPrototype: true,
        }),
        required: fc.uniqueArray(fc.constantFrom('a', 'b')),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      })
      .map((parts) => ({ type: 'object', ...parts })),
  ) as fc.Arbitrary<JsonSchema>,
})).schema;
const values = fc.oneof(
  fc.constantFrom('', 'a', 'aa', 'aaaa', 0, 1, 1.5, 2, 4, null),
  fc.array(fc.constantFrom('', 'a', 1, 4, null), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('', 'aaa', 1, 5, null), {
    noNullPrototype: true,
  }),
);

test('an input change that is called safe accepts every value that was accepted', () => {
  fc.assert(
    fc.property(schemas, schemas, fc.array(values, { minLength: 5 }), (before, after, samples) => {
      const changes = diffContracts(
        withSchema('input', inA(before)),
        withSchema('input', inA(after)),
      );
      // A member that is new to an open object may clash with what was ignored before: by intent.
      if (changes.some(({ breaking, kind }) => breaking || kind === 'optionalMemberAdded')) return;
      for (const value of samples) {
        if (compileSchema(before).check(value)) {
          const shown = `${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
          assert.ok(compileSchema(after).check(value), `${shown}: ${JSON.stringify(value)}`);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('an output change that is called safe answers only values that fitted before', () => {
  fc.assert(
    fc.property(schemas, schemas, fc.array(values, { minLength: 5 }), (before, after, samples) => {
      const changes = diffContracts(
        withSchema('output', inA(before)),
        withSchema('output', inA(after)),
      );
      // What an open object says nothing about may be of any kind: by intent.
      if (changes.some(({ breaking, kind }) => breaking || kind === 'optionalMemberRemoved'))
        return;
      for (const value of samples) {
        if (compileSchema(after).check(value)) {
          const shown = `${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
          assert.ok(compileSchema(before).check(value), `${shown}: ${JSON.stringify(value)}`);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('the contracts of this table are sound themselves', () => {
  assert.deepEqual(checkContract(contractOf()), []);
});
