import { ERROR, type KafkaError } from '../../errors.ts';

/** Clients of older versions know that they are fenced by another name (KIP-588).
 * @param knows whether the version of the API has PRODUCER_FENCED */
export function producerError(error: KafkaError, knows: boolean): KafkaError {
  return error === ERROR.PRODUCER_FENCED && !knows ? ERROR.INVALID_PRODUCER_EPOCH : error;
}
