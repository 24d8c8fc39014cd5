import { Call } from '../../model/call.ts';
import { HttpCaller } from '../../wire/http-caller.ts';

/** Who sends one HTTP request: its calls run one at a time, and what they tell in metadata goes out
 * with the one answer. */
export class Caller extends HttpCaller {
  /** The client is gone. */
  aborted = false;
  #replyMetadata: Map<string, string> | undefined;

  call(input: unknown): Call {
    return new Call({
      input,
      principal: this.principal,
      metadata: this.metadata,
      deadlineMs: this.deadlineMs,
      trace: this.trace,
    });
  }

  ended(call: Call): void {
    this.settled(call);
    const metadata = call.replyMetadata;
    if (metadata === undefined) return;
    this.#replyMetadata ??= new Map();
    for (const [name, value] of metadata) this.#replyMetadata.set(name, value);
  }

  /** Of all calls; of a name that several set, the last value. */
  get replyMetadata(): ReadonlyMap<string, string> | undefined {
    return this.#replyMetadata;
  }

  override abort(): void {
    this.aborted = true;
    super.abort();
  }
}
