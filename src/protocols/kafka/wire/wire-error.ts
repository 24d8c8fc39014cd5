/** Bytes that are not what Kafka's protocol says; the connection that sent them is closed. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}
