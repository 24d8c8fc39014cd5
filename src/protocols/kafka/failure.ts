import type { KafkaError } from './errors.ts';

/** What a handler refuses, with the exact error and a text for people. */
export class KafkaFailure extends Error {
  readonly error: KafkaError;

  constructor(error: KafkaError, message: string) {
    super(message);
    this.name = 'KafkaFailure';
    this.error = error;
  }
}
