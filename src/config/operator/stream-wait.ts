import type { Partition } from '../../hub/engine.ts';
import type { Exchange } from '../../hub/transport.ts';
import type { PageRequest } from './stream-page-request.ts';

/** Resolves when one of the places has a record, the time is over, the stream has ended or the
 * client has left. */
export function someRecord({ places, waitMs }: PageRequest, exchange: Exchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const there = (partition: Partition) => {
    const place = places.find((one) => one.partition === partition);
    if (place !== undefined && partition.stableOffset > place.from) resolve();
  };
  const listener = { committed: there, ended: () => resolve() };
  const stops = places.map(({ partition }) => partition.watch(listener));
  const timer = setTimeout(resolve, waitMs);
  exchange.abortable = { abort: resolve };
  for (const { partition } of places) there(partition);
  return promise.finally(() => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  });
}
