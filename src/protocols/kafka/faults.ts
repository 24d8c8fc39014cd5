import { AppendFault, type AppendReason } from '../../hub/engine.ts';
import type { FaultTable } from '../../hub/protocol.ts';
import { Fault, type FaultCode } from '../../model/fault.ts';
import { ERROR, type KafkaError } from './errors.ts';
import { KafkaFailure } from './failure.ts';

/** One error for each fault; a handler that knows a more exact one says so itself. */
const OF_FAULT = {
  CANCELLED: ERROR.REQUEST_TIMED_OUT,
  UNKNOWN: ERROR.UNKNOWN_SERVER_ERROR,
  INVALID_ARGUMENT: ERROR.INVALID_REQUEST,
  DEADLINE_EXCEEDED: ERROR.REQUEST_TIMED_OUT,
  NOT_FOUND: ERROR.UNKNOWN_TOPIC_OR_PARTITION,
  ALREADY_EXISTS: ERROR.TOPIC_ALREADY_EXISTS,
  PERMISSION_DENIED: ERROR.TOPIC_AUTHORIZATION_FAILED,
  RESOURCE_EXHAUSTED: ERROR.THROTTLING_QUOTA_EXCEEDED,
  FAILED_PRECONDITION: ERROR.POLICY_VIOLATION,
  ABORTED: ERROR.REQUEST_TIMED_OUT,
  OUT_OF_RANGE: ERROR.OFFSET_OUT_OF_RANGE,
  UNIMPLEMENTED: ERROR.UNSUPPORTED_VERSION,
  INTERNAL: ERROR.UNKNOWN_SERVER_ERROR,
  UNAVAILABLE: ERROR.LEADER_NOT_AVAILABLE,
  DATA_LOSS: ERROR.CORRUPT_MESSAGE,
  UNAUTHENTICATED: ERROR.SASL_AUTHENTICATION_FAILED,
} as const satisfies Record<FaultCode, KafkaError>;

export const OF_APPEND: Readonly<Record<AppendReason, KafkaError>> = {
  corrupt: ERROR.CORRUPT_MESSAGE,
  invalid: ERROR.INVALID_RECORD,
  'too-large': ERROR.MESSAGE_TOO_LARGE,
  'out-of-order': ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER,
  duplicate: ERROR.DUPLICATE_SEQUENCE_NUMBER,
  fenced: ERROR.INVALID_PRODUCER_EPOCH,
  'unknown-producer': ERROR.UNKNOWN_PRODUCER_ID,
  'invalid-transaction': ERROR.INVALID_TXN_STATE,
  storage: ERROR.KAFKA_STORAGE_ERROR,
};

const NAMES = new Map<number, string>(Object.entries(ERROR).map(([name, code]) => [code, name]));

const OF_ERROR: ReadonlyMap<number, FaultCode> = new Map<number, FaultCode>([
  [ERROR.OFFSET_OUT_OF_RANGE, 'OUT_OF_RANGE'],
  [ERROR.CORRUPT_MESSAGE, 'DATA_LOSS'],
  [ERROR.UNKNOWN_TOPIC_OR_PARTITION, 'NOT_FOUND'],
  [ERROR.UNKNOWN_TOPIC_ID, 'NOT_FOUND'],
  [ERROR.GROUP_ID_NOT_FOUND, 'NOT_FOUND'],
  [ERROR.TRANSACTIONAL_ID_NOT_FOUND, 'NOT_FOUND'],
  [ERROR.LEADER_NOT_AVAILABLE, 'UNAVAILABLE'],
  [ERROR.NOT_LEADER_OR_FOLLOWER, 'UNAVAILABLE'],
  [ERROR.COORDINATOR_LOAD_IN_PROGRESS, 'UNAVAILABLE'],
  [ERROR.COORDINATOR_NOT_AVAILABLE, 'UNAVAILABLE'],
  [ERROR.NOT_COORDINATOR, 'UNAVAILABLE'],
  [ERROR.KAFKA_STORAGE_ERROR, 'UNAVAILABLE'],
  [ERROR.REQUEST_TIMED_OUT, 'DEADLINE_EXCEEDED'],
  [ERROR.MESSAGE_TOO_LARGE, 'INVALID_ARGUMENT'],
  [ERROR.RECORD_LIST_TOO_LARGE, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_TOPIC_EXCEPTION, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_PARTITIONS, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_CONFIG, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_REQUEST, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_RECORD, 'INVALID_ARGUMENT'],
  [ERROR.INVALID_TIMESTAMP, 'INVALID_ARGUMENT'],
  [ERROR.TOPIC_AUTHORIZATION_FAILED, 'PERMISSION_DENIED'],
  [ERROR.GROUP_AUTHORIZATION_FAILED, 'PERMISSION_DENIED'],
  [ERROR.CLUSTER_AUTHORIZATION_FAILED, 'PERMISSION_DENIED'],
  [ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'PERMISSION_DENIED'],
  [ERROR.SASL_AUTHENTICATION_FAILED, 'UNAUTHENTICATED'],
  [ERROR.UNSUPPORTED_VERSION, 'UNIMPLEMENTED'],
  [ERROR.TOPIC_ALREADY_EXISTS, 'ALREADY_EXISTS'],
  [ERROR.DUPLICATE_SEQUENCE_NUMBER, 'ALREADY_EXISTS'],
  [ERROR.POLICY_VIOLATION, 'FAILED_PRECONDITION'],
  [ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER, 'FAILED_PRECONDITION'],
  [ERROR.INVALID_PRODUCER_EPOCH, 'FAILED_PRECONDITION'],
  [ERROR.INVALID_TXN_STATE, 'FAILED_PRECONDITION'],
  [ERROR.PRODUCER_FENCED, 'FAILED_PRECONDITION'],
  [ERROR.CONCURRENT_TRANSACTIONS, 'ABORTED'],
  [ERROR.REBALANCE_IN_PROGRESS, 'ABORTED'],
  [ERROR.THROTTLING_QUOTA_EXCEEDED, 'RESOURCE_EXHAUSTED'],
  [ERROR.GROUP_MAX_SIZE_REACHED, 'RESOURCE_EXHAUSTED'],
]);

/** Faults as Kafka's error codes. */
export const faults: FaultTable<number> = {
  toWire: OF_FAULT,
  fromWire: (code) => OF_ERROR.get(code) ?? 'UNKNOWN',
  show: (code) => `${code} ${NAMES.get(code) ?? 'UNKNOWN'}`,
  details:
    'Error codes stand beside each topic, partition or group of a response, with a message where the version of the API has a place for it. A refused append has the exact code for its reason.',
};

/** The error for anything that was thrown. */
export function errorOf(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaFailure) return thrown.wireError;
  if (thrown instanceof AppendFault) return OF_APPEND[thrown.reason];
  return OF_FAULT[Fault.from(thrown).code];
}

/** The error for what was thrown about a topic: callers without credentials are refused the topic,
 * not their login. */
export function topicErrorOf(thrown: unknown): KafkaError {
  const error = errorOf(thrown);
  return error === ERROR.SASL_AUTHENTICATION_FAILED ? ERROR.TOPIC_AUTHORIZATION_FAILED : error;
}

/** What may be told of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return Fault.from(thrown).message;
}
