import type { MaybePromise } from '../../../../model/maybe-promise.ts';
import type { RequestContext } from '../../context.ts';

/**
 * The answer that `ask` hands to its callback, at once or later. When the client goes or the hub
 * drains, `abandoned` is the answer.
 */
export function awaitReply<T>(
  { client }: RequestContext,
  ask: (reply: (result: T) => void) => void,
  abandoned: T,
): MaybePromise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  let answered: { readonly result: T } | undefined;
  ask((result) => {
    answered = { result };
    resolve(result);
  });
  if (answered !== undefined) return (answered as { result: T }).result;
  const takeBack = client.onEnd(() => resolve(abandoned));
  return promise.finally(takeBack);
}
