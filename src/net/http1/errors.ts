/** A request that HTTP/1.1 forbids, or that is past a limit: it is answered with `status` and its
 * connection is closed, because where the next request would begin is not sure any more. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
  }
}
