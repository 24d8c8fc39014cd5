import { ERROR, type KafkaError } from './errors.ts';

/** What is told where a coordinator could not store something: its clients try again at this, and
 * give up at an error of a log. */
export function coordinatorError(error: KafkaError): KafkaError {
  return error === ERROR.KAFKA_STORAGE_ERROR || error === ERROR.LEADER_NOT_AVAILABLE
    ? ERROR.COORDINATOR_NOT_AVAILABLE
    : error;
}
