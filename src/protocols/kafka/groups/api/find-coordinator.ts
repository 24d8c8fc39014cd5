import type { RequestContext } from '../../context.ts';
import { handler } from '../../dispatch.ts';
import { ERROR } from '../../errors.ts';
import { array, int8, int16, int32, string } from '../../wire/fields.ts';
import { message } from '../../wire/message.ts';

/** What a coordinator is asked for; share groups (2) are not served. */
const GROUP = 0;
const TRANSACTION = 1;

const request = message(3, {
  key: string.until(3),
  keyType: int8.from(1),
  coordinatorKeys: array(string).from(4),
});

const response = message(3, {
  throttleTimeMs: int32.from(1),
  errorCode: int16.until(3),
  errorMessage: string.from(1).until(3).nullable().or(null),
  nodeId: int32.until(3).or(-1),
  host: string.until(3),
  port: int32.until(3).or(-1),
  coordinators: array({
    key: string,
    nodeId: int32,
    host: string,
    port: int32,
    errorCode: int16,
    errorMessage: string.nullable().or(null),
  }).from(4),
});

/** FindCoordinator (10): this broker, for every group and transactional id. */
export const findCoordinator = handler({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  request,
  response,
  handle: ({ key, keyType, coordinatorKeys }, context) => {
    const keys = context.version >= 4 ? coordinatorKeys : [key];
    const coordinators = keys.map((one) => ({
      key: one,
      ...coordinatorFor(one, keyType, context),
    }));
    return context.version >= 4 ? { coordinators } : coordinators[0]!;
  },
});

function coordinatorFor(key: string, type: number, { broker, client }: RequestContext) {
  if (type !== GROUP && type !== TRANSACTION) {
    return refused(ERROR.INVALID_REQUEST, `Coordinators of type ${type} are not known here.`);
  }
  if (type === TRANSACTION && key === '') {
    return refused(ERROR.INVALID_REQUEST, 'A transactional id must not be empty.');
  }
  return { nodeId: broker.nodeId, ...client.advertised, errorCode: ERROR.NONE, errorMessage: null };
}

function refused(errorCode: number, errorMessage: string) {
  return { nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
