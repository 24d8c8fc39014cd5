import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { clusterOperations, NOT_ASKED } from '../operations.ts';
import { array, bool, int8, int16, int32, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * DescribeCluster (60): the brokers.
 *
 *     request  => includeClusterAuthorizedOperations endpointType(1) includeFencedBrokers(2)
 *     response => throttleTimeMs errorCode errorMessage endpointType(1) clusterId controllerId
 *                 [brokerId host port rack isFenced(2)] clusterAuthorizedOperations
 */
const request = message(0, {
  includeClusterAuthorizedOperations: bool,
  endpointType: int8.from(1).or(1),
  includeFencedBrokers: bool.from(2),
});

const response = message(0, {
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: string.nullable().or(null),
  endpointType: int8.from(1).or(1),
  clusterId: string,
  controllerId: int32.or(-1),
  brokers: array({
    brokerId: int32,
    host: string,
    port: int32,
    rack: string.nullable().or(null),
    isFenced: bool.from(2),
  }),
  clusterAuthorizedOperations: int32.or(NOT_ASKED),
});

const BROKERS = 1;

export const describeCluster = handler({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  request,
  response,
  handle({ endpointType, includeClusterAuthorizedOperations }, context) {
    const { broker, client } = context;
    const { clusterId, nodeId } = broker;
    if (endpointType !== BROKERS) {
      const errorMessage = 'Controllers have no endpoints of their own here; ask for brokers.';
      return { errorCode: ERROR.UNSUPPORTED_VERSION, errorMessage, endpointType, clusterId };
    }
    return {
      clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, ...client.advertised }],
      clusterAuthorizedOperations: includeClusterAuthorizedOperations
        ? clusterOperations(context)
        : NOT_ASKED,
    };
  },
});
