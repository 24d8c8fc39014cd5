import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../hub/hub.ts';
import type { Contract, Operation, Service } from '../../model/contract.ts';
import { type JsonSchema, NO_INPUT, NO_OUTPUT } from '../../model/schema.ts';
import { pathTemplate } from './names.ts';
import { plansOf } from './plan.ts';

const service: Service = { name: 'parcels', operations: [], events: [] };
const contract: Contract = {
  polywire: '1',
  name: 'test',
  version: '1.0.0',
  services: [service],
  errors: {},
  $defs: {},
};

function endpoint(name: string, parts: Partial<Operation> = {}): Endpoint {
  const operation: Operation = {
    name,
    kind: 'query',
    input: { schema: NO_INPUT, stream: false },
    output: { schema: NO_OUTPUT, stream: false },
    errors: [],
    scopes: [],
    examples: [],
    ...parts,
  };
  return { name: `parcels.${name}`, contract, service, operation };
}

const withMembers = (properties: Record<string, JsonSchema>) => ({
  input: { schema: { type: 'object', properties }, stream: false },
});

const addresses = (...endpoints: Endpoint[]) =>
  plansOf(endpoints).map((plan) => `${plan.method} ${plan.path}${plan.documented ? '' : ' *'}`);

describe('addresses', () => {
  it('a query is GET, a command POST; each has its canonical address', () => {
    assert.deepEqual(addresses(endpoint('get'), endpoint('add', { kind: 'command' })), [
      'GET /parcels/get',
      'POST /parcels/add',
      'POST /parcels/get *',
    ]);
  });

  it('a declared path and method stand; one of them alone too', () => {
    const id = withMembers({ id: { type: 'string' } });
    const list = addresses(
      endpoint('get', { ...id, http: { path: '/parcels/{id}' } }),
      endpoint('drop', {
        ...id,
        kind: 'command',
        http: { method: 'DELETE', path: '/parcels/{id}' },
      }),
      endpoint('find', { http: { method: 'POST' } }),
    );
    assert.deepEqual(list.slice(0, 3), [
      'GET /parcels/{id}',
      'DELETE /parcels/{id}',
      'POST /parcels/find',
    ]);
    assert.deepEqual(list.slice(3), ['POST /parcels/get *', 'POST /parcels/drop *']);
  });

  it('a declared address wins over another operation’s canonical one', () => {
    const list = addresses(
      endpoint('get'),
      endpoint('add', { kind: 'command', http: { path: '/parcels/get' } }),
    );
    assert.deepEqual(list, ['GET /parcels/get', 'POST /parcels/get', 'POST /parcels/add *']);
  });

  it('an operation that takes a stream is POST', () => {
    const stream = { input: { schema: true, stream: true } };
    assert.deepEqual(addresses(endpoint('sum', stream)), ['POST /parcels/sum']);
    assert.throws(
      () => addresses(endpoint('sum', { ...stream, http: { method: 'GET' } })),
      TypeError,
    );
  });

  it('two operations at one address are refused, whatever their parameters are called', () => {
    const one = endpoint('a', {
      ...withMembers({ x: { type: 'string' } }),
      http: { path: '/p/{x}' },
    });
    const two = endpoint('b', {
      ...withMembers({ y: { type: 'string' } }),
      http: { path: '/p/{y}' },
    });
    assert.throws(
      () => plansOf([one, two]),
      /parcels\.b and parcels\.a both have .* GET \/p\/\{y\}/,
    );
  });

  it('a path parameter must be a single value of the input', () => {
    const path = { http: { path: '/p/{x}' } };
    assert.throws(() => plansOf([endpoint('a', path)]), /no such member/);
    const list = withMembers({ x: { type: 'array', items: { type: 'string' } } });
    assert.throws(() => plansOf([endpoint('a', { ...list, ...path })]), /no single value/);
  });
});

describe('path templates', () => {
  it('become routes, with places for names', () => {
    assert.deepEqual(pathTemplate('/a/{some-id}/b/{x.y}', 'o'), {
      route: '/a/:p0/b/:p1',
      parameters: ['some-id', 'x.y'],
    });
    assert.equal(pathTemplate('/a:b', 'o').route, '/a::b');
  });

  it('that the router cannot hold are refused', () => {
    for (const path of ['a', '/a/{x}y', '/{x}/{x}', '/a/*', '/a?b', '/{', '/{}']) {
      assert.throws(() => pathTemplate(path, 'o'), TypeError, path);
    }
  });
});
