import { isPromise, type MaybePromise } from '../../model/maybe-promise.ts';

/** Work in small pieces that waits for its turn among others. */
export interface Task {
  /** `Turns` alone writes it. `again`: asked for while a piece of it runs. */
  turn: 'none' | 'waits' | 'runs' | 'again';
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
    // What the piece that runs has looked at already may have changed.
    if (task.turn === 'runs') task.turn = 'again';
    if (task.turn === 'none') this.#push(task);
  }

  #push(task: Task): void {
    task.turn = 'waits';
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
      task.turn = 'runs';
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
    if (more || task.turn === 'again') this.#push(task);
    else task.turn = 'none';
  }
}
