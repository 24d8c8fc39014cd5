import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';

/** Work in small pieces that waits for its turn among others. */
export interface Task {
  /** Set while it waits or a piece of it runs; `Turns` alone writes it. */
  queued: boolean;
  /** Does one piece; answers whether there is more to do now. Must not throw or reject. */
  step(): MaybePromise<boolean>;
}

/** Pieces that are done before the process looks at its sockets again. */
const PIECES_A_TURN = 8;

/** Lets tasks do a piece each, in a ring: a long one delays the others by one piece. */
export class Turns {
  readonly #ring: Task[] = [];
  #running = false;
  #scheduled = false;

  add(task: Task): void {
    if (task.queued) return;
    task.queued = true;
    this.#push(task);
  }

  #push(task: Task): void {
    this.#ring.push(task);
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    queueMicrotask(this.#run);
  }

  #run = (): void => {
    this.#scheduled = false;
    this.#running = true;
    for (let pieces = 0; pieces < PIECES_A_TURN && this.#ring.length > 0; pieces++) {
      const task = this.#ring.shift()!;
      const more = task.step();
      if (isPromise(more)) void more.then((answer) => this.#after(task, answer));
      else this.#after(task, more);
    }
    this.#running = false;
    if (this.#ring.length === 0 || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  };

  #after(task: Task, more: boolean): void {
    task.queued = false;
    if (!more) return;
    task.queued = true;
    this.#push(task);
  }
}
