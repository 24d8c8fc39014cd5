/**
 * What is generated is judged by libxml2: each XSD is a schema, and what is written by the types
 * is valid by it and is read back as the same value.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  XmlBufferInputProvider,
  XmlDocument,
  XsdValidator,
  xmlCleanupInputProvider,
  xmlRegisterInputProvider,
} from 'libxml2-wasm';
import type { Contract } from '../../src/model/contract.ts';
import { NO_OUTPUT } from '../../src/model/schema.ts';
import { planService, type ServicePlan } from '../../src/protocols/soap/plan.ts';
import { Misfit } from '../../src/protocols/soap/types/misfit.ts';
import { schemaDocument } from '../../src/protocols/soap/xsd.ts';
import { parseXml } from '../../src/wire/xml/reader.ts';
import { everything } from './soap-application.ts';
import { plan as shop } from './soap-kit.ts';

/** A validator of all schemas of a service. */
function withValidator(plan: ServicePlan, use: (validate: (xml: string) => void) => void): void {
  const location = (namespace: string) =>
    `mem://x/${plan.types.prefixes.namespaces.indexOf(namespace)}.xsd`;
  const files: Record<string, Uint8Array> = {};
  for (const namespace of plan.types.prefixes.namespaces) {
    files[location(namespace)] = Buffer.from(schemaDocument(plan, namespace, location));
  }
  xmlRegisterInputProvider(new XmlBufferInputProvider(files));
  try {
    using schema = XmlDocument.fromBuffer(files[location(plan.namespace)]!, {
      url: location(plan.namespace),
    });
    using validator = XsdValidator.fromDoc(schema);
    use((xml) => {
      using document = XmlDocument.fromString(xml);
      validator.validate(document);
    });
  } finally {
    xmlCleanupInputProvider();
  }
}

function inputDocument(plan: ServicePlan, operation: string, input: unknown): string {
  const { tag, type } = plan.operations.get(operation)!.input;
  const text = type.write(tag, input, undefined);
  const declarations = `${plan.types.prefixes.declarations()} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
  return text.replace(tag.open, tag.open + declarations);
}

describe('the schemas of a service', () => {
  it('are schemas, and what is written is valid by them', () => {
    withValidator(shop, (validate) => {
      validate(inputDocument(shop, 'Echo', { value: everything }));
      validate(inputDocument(shop, 'List', {}));
    });
  });

  it('refuse what the reader refuses', () => {
    const good = inputDocument(shop, 'Echo', { value: everything });
    const spoiled = [
      good.replace('<n0:flag>true</n0:flag>', ''),
      good.replace('<n0:flag>true</n0:flag>', '<n0:flag>yes</n0:flag>'),
      good.replace('<n0:flag>true</n0:flag>', '<n0:flag>true</n0:flag><n0:more/>'),
      good.replace('2026-02-28', '2026-02-28Z'),
      good.replace('+01:00</n0:at>', '</n0:at>'),
      good.replace('light blue', 'blue'),
      good.replace('>2</n0:level>', '>4</n0:level>'),
      good.replace('-9223372036854775808', '-9223372036854775809'),
      good.replace('<n0:note xsi:nil="true"/>', '<n0:note xsi:nil="true">x</n0:note>'),
      good.replace('<n0:tree>', '<n0:tree xsi:nil="true">'),
      good.replace(' grade="3"', ' other="3"'),
      good.replace(/ id="[^"]*"/, ''),
      good.replace('<n3:Other>yes</n3:Other>', '<n0:Other>yes</n0:Other>'),
      good.replace('<n0:integer>7</n0:integer>', ''),
      good.replace('<json:null/>', '<json:nothing/>'),
    ];
    withValidator(shop, (validate) => {
      for (const text of spoiled) {
        assert.notEqual(text, good);
        assert.throws(() => validate(text), text);
        assert.throws(
          () => shop.operations.get('Echo')!.input.type.read(parseXml(text), undefined),
          Misfit,
        );
      }
    });
  });
});

interface Made {
  readonly schema: object;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc
  .string({ unit: 'binary', maxLength: 8 })
  .map((value) => value.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, ''));

const leaf: fc.Arbitrary<Made> = fc.constantFrom<Made>(
  { schema: { type: 'string' }, value: text },
  { schema: { type: 'boolean' }, value: fc.boolean() },
  { schema: { type: 'integer' }, value: fc.maxSafeInteger() },
  { schema: { type: 'integer', format: 'int32', minimum: -5 }, value: fc.integer({ min: -5 }) },
  { schema: { type: 'integer', exclusiveMinimum: 0 }, value: fc.integer({ min: 1 }) },
  {
    schema: { type: 'number' },
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  },
  {
    schema: { type: 'number', format: 'decimal' },
    value: fc.double({ noNaN: true, min: -1e25, max: 1e25 }).map((value) => value + 0),
  },
  {
    schema: { type: 'string', format: 'int64' },
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  },
  {
    schema: { type: 'string', format: 'date' },
    value: fc.constantFrom('2024-02-29', '1999-12-31'),
  },
  {
    schema: { type: 'string', format: 'date-time' },
    value: fc.constantFrom('2024-02-29T23:59:59Z', '1999-12-31T00:00:00.5-11:30'),
  },
  {
    schema: { type: 'string', contentEncoding: 'base64' },
    value: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  },
  { schema: { enum: ['a', ' b ', ''] }, value: fc.constantFrom('a', ' b ', '') },
  { schema: { anyOf: [{ const: 'x' }, { const: 'y' }] }, value: fc.constantFrom('x', 'y') },
  { schema: { type: ['string', 'null'] }, value: fc.option(text) },
  {
    schema: { type: ['integer', 'string', 'null'] },
    value: fc.oneof(fc.integer(), text, fc.constant(null)),
  },
  {
    schema: {},
    value: fc
      .jsonValue({ maxDepth: 2 })
      .map((value) => JSON.parse(JSON.stringify(value).replace(/\\u00[01].|__proto__|-0/g, '0'))),
  },
);

const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('a', 'entry', 'key', 'value', 'item', 'x y', '1', '_x0041_', 'ä'),
    text.filter((name) => name !== '__proto__'),
  ),
  { minLength: 1, maxLength: 4 },
);

function nest(inner: fc.Arbitrary<Made>): fc.Arbitrary<Made> {
  const list = fc.tuple(inner, fc.boolean()).map(
    ([{ schema, value }, wrapped]): Made => ({
      schema: { type: 'array', items: schema, xml: { wrapped } },
      value: fc.array(value, { maxLength: 3 }),
    }),
  );
  const map = inner.map(
    ({ schema, value }): Made => ({
      schema: { type: 'object', additionalProperties: schema },
      value: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        value,
        { maxKeys: 3, noNullPrototype: true },
      ),
    }),
  );
  const object = fc
    .tuple(
      names,
      fc.array(fc.tuple(inner, fc.boolean(), fc.constantFrom(undefined, 'urn:a', 'urn:b')), {
        minLength: 4,
        maxLength: 4,
      }),
    )
    .map(([members, types]): Made => {
      const properties: Record<string, object> = {};
      const model: Record<string, fc.Arbitrary<unknown>> = {};
      const required: string[] = [];
      for (const [index, name] of members.entries()) {
        const [{ schema, value }, always, namespace] = types[index]!;
        const isArray = (schema as { type?: unknown }).type === 'array';
        // An array without an element around it cannot be absent.
        const plain = isArray && !always ? { ...schema, xml: {} } : schema;
        properties[name] =
          namespace === undefined || isArray ? plain : { ...plain, xml: { namespace } };
        model[name] = value;
        if (always) required.push(name);
      }
      return {
        schema: { type: 'object', properties, required, additionalProperties: false },
        value: fc.record(model, { requiredKeys: required, noNullPrototype: true }),
      };
    });
  const union = inner.map(
    ({ schema, value }): Made => ({
      schema: {
        oneOf: [
          {
            type: 'object',
            properties: { kind: { const: 'one' }, v: schema },
            required: ['kind', 'v'],
            additionalProperties: false,
          },
          {
            type: 'object',
            properties: { kind: { const: 'two' } },
            required: ['kind'],
            additionalProperties: false,
          },
          { type: 'null' },
        ],
      },
      value: fc.oneof(
        value.map((v) => ({ kind: 'one', v })),
        fc.constant({ kind: 'two' }),
        fc.constant(null),
      ),
    }),
  );
  return fc.oneof(inner, list, map, object, union);
}

const pair = nest(nest(leaf)).chain((made) => fc.tuple(fc.constant(made.schema), made.value));

function planOf(schema: object): ServicePlan {
  const input = {
    schema: {
      type: 'object',
      properties: { value: schema },
      required: ['value'],
      additionalProperties: false,
    },
    stream: false,
  };
  const output = { schema: NO_OUTPUT, stream: false };
  const contract: Contract = {
    polywire: '1',
    name: 'any',
    version: '1.0.0',
    services: [
      {
        name: 'any',
        events: [],
        operations: [
          { name: 'take', kind: 'query', input, output, errors: [], scopes: [], examples: [] },
        ],
      },
    ],
    errors: {},
    $defs: {},
  };
  return planService(contract, contract.services[0]!);
}

it('any schema gives an XSD by which its values are valid, and they come back', () => {
  fc.assert(
    fc.property(pair, ([schema, value]) => {
      const plan = planOf(schema);
      const document = inputDocument(plan, 'Take', { value });
      withValidator(plan, (validate) => validate(document));
      const { type } = plan.operations.get('Take')!.input;
      assert.deepEqual(type.read(parseXml(document), undefined), { value });
    }),
    { numRuns: 300 },
  );
});
