import type { Contract, EventType } from '../../model/contract.ts';
import type { JsonSchema } from '../../model/schema.ts';
import { subjectLevels } from '../../model/subject.ts';
import { pathOfLevels } from '../../wire/subject-path.ts';
import type { Components } from './document-schemas.ts';
import { PUBLISH_PATH } from './publish.ts';
import { membersOf } from './shape.ts';

type Part = Record<string, unknown>;

const PLACE = /(\{[^{}]+\})/;

/** `/publish/sensors/{device}` of an event's subject template. */
export function publishPath(event: EventType): { path: string; parameters: string[] } {
  const parameters: string[] = [];
  const segments = event.subject.split('.').map((level) =>
    level
      .split(PLACE)
      .map((piece) => {
        if (!PLACE.test(piece)) return piece === '' ? '' : pathOfLevels(subjectLevels(piece));
        parameters.push(piece.slice(1, -1));
        return piece;
      })
      .join(''),
  );
  return { path: PUBLISH_PATH + segments.join('/'), parameters: [...new Set(parameters)] };
}

/** POST /publish/... for one event type. */
export function publishPart(
  event: EventType,
  service: string,
  contract: Contract,
  components: Components,
  secured: boolean,
): Part {
  const { parameters } = publishPath(event);
  const members = membersOf(event.schema, contract.$defs);
  const schema: JsonSchema = components.schema(event.schema, contract);
  return {
    operationId: `publish_${service}_${event.name}`,
    tags: [service],
    summary: `Publishes ${service}.${event.name}.`,
    ...(event.doc === undefined ? {} : { description: event.doc }),
    ...(event.deprecated === undefined ? {} : { deprecated: true }),
    parameters: [
      ...parameters.map((name) => ({
        name,
        in: 'path',
        required: true,
        schema: components.schema(members.get(name) ?? { type: 'string' }, contract),
      })),
      {
        name: 'x-message-key',
        in: 'header',
        description: 'Key of the message: order is kept within a key.',
        schema: { type: 'string' },
      },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema,
          ...(event.examples.length === 0 ? {} : { example: event.examples[0] }),
        },
      },
    },
    responses: {
      '202': {
        description: 'Accepted.',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { id: { type: 'string' }, subject: { type: 'string' } },
              required: ['id', 'subject'],
            },
          },
        },
      },
      default: { $ref: '#/components/responses/polywire.Fault' },
    },
    ...(secured ? { security: [{ bearer: [...event.scopes] }, { basic: [...event.scopes] }] } : {}),
    'x-polywire-event': `${service}.${event.name}`,
  };
}
