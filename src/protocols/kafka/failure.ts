import { Fault } from '../../model/fault.ts';
import type { KafkaError } from './errors.ts';

/** What a handler refuses, with the exact error and a text for people. */
export class KafkaFailure extends Fault {
  readonly wireError: KafkaError;

  constructor(wireError: KafkaError, message: string) {
    super('FAILED_PRECONDITION', message);
    this.wireError = wireError;
  }
}
