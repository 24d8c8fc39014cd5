import { parseJson } from '../../formats/json.ts';
import type { Exchange } from '../../hub/transport.ts';
import { Fault } from '../../model/fault.ts';
import type { PathParameter, Plan } from './plan.ts';
import { queryParameter, readQuery } from './query.ts';
import { readJsonText, type Shape } from './shape.ts';

type Members = Record<string, unknown>;

/**
 * The input of a call from a request: the body's members, the query's, then those of the path and
 * of headers. What two places say about one member must agree.
 * @param body the whole body, undefined where the request has none
 * @throws Fault INVALID_ARGUMENT for a body that is no JSON object, or for places that disagree.
 */
export function inputOf(
  plan: Plan,
  exchange: Exchange,
  body: Buffer | undefined,
  maxDepth: number,
): unknown {
  const input: Members = body === undefined ? {} : bodyMembers(body, maxDepth);
  if (exchange.query !== '') return withQuery(plan, exchange, input, maxDepth);
  return withPlaces(plan, exchange, input);
}

function bodyMembers(body: Buffer, maxDepth: number): Members {
  const value = parseJson(body, maxDepth);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  const received = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  throw new Fault('INVALID_ARGUMENT', 'The body must be a JSON object: the members of the input.', {
    violations: [{ path: '', expected: 'object', received }],
  });
}

function withQuery(plan: Plan, exchange: Exchange, input: Members, maxDepth: number): unknown {
  if (plan.takesInputParameter && exchange.query.includes('input=')) {
    const text = queryParameter(exchange.query, 'input');
    if (text !== undefined) {
      if (exchange.query.includes('&')) {
        throw new Fault(
          'INVALID_ARGUMENT',
          'Parameter "input" is the whole input; it cannot stand beside other query parameters.',
        );
      }
      merge(input, bodyMembers(Buffer.from(text), maxDepth), 'query');
      return withPlaces(plan, exchange, input);
    }
  }
  const members: Members = {};
  readQuery(exchange.query, plan.members, members);
  merge(input, members, 'query');
  return withPlaces(plan, exchange, input);
}

function merge(input: Members, members: Members, place: string): void {
  for (const name in members) set(input, name, members[name], place);
}

function withPlaces(plan: Plan, exchange: Exchange, input: Members): Members {
  const { pathParameters, headerParameters } = plan;
  for (let index = 0; index < pathParameters.length; index++) {
    const parameter = pathParameters[index]!;
    set(input, parameter.name, pathValue(parameter, exchange), 'path');
  }
  for (let index = 0; index < headerParameters.length; index++) {
    const parameter = headerParameters[index]!;
    const text = exchange.headers.get(parameter.header);
    if (text !== undefined) set(input, parameter.name, readHeader(parameter.shape, text), 'header');
  }
  return input;
}

function pathValue(parameter: PathParameter, exchange: Exchange): unknown {
  const text = exchange.parameters[parameter.place] ?? '';
  return parameter.shape.kind === 'scalar' ? parameter.shape.read(text) : text;
}

/** A header's list is separated by commas (OpenAPI: style simple). */
function readHeader(shape: Shape, text: string): unknown {
  if (shape.kind === 'scalar') return shape.read(text);
  if (shape.kind === 'array') return text.split(',').map((item) => shape.item.read(item.trim()));
  return readJsonText(text);
}

function set(input: Members, name: string, value: unknown, place: string): void {
  if (Object.hasOwn(input, name) && !same(input[name], value)) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `Member "${name}" of the input is given by the ${place} and elsewhere, with another value.`,
      {
        violations: [
          {
            path: `/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`,
            expected: `the value of the ${place}, or none`,
            received: 'another value',
          },
        ],
      },
    );
  }
  input[name] = value;
}

function same(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
