import type { MaybePromise } from '../../../model/maybe-promise.ts';
import type { Client, RequestContext } from '../context.ts';
import { handler, perBroker } from '../dispatch.ts';
import { FetchRun } from './fetch-run.ts';
import { type FetchRequest, type FetchResponse, request, response } from './messages.ts';
import { FetchSessions, SessionSlots } from './session.ts';

export const fetch = handler({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  request,
  response,
  handle(asked, context): MaybePromise<FetchResponse> {
    const selection = sessionsOf(context).select(asked);
    if (typeof selection === 'number') return { errorCode: selection };
    return new FetchRun(asked, selection, context).answer();
  },
  failed: (errorCode, { topics }: FetchRequest, { version }): FetchResponse =>
    version >= 7
      ? { errorCode }
      : {
          responses: topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => ({
              partitionIndex: partition,
              errorCode,
              highWatermark: -1,
              abortedTransactions: null,
            })),
          })),
        },
});

const brokerSessions = perBroker(({ options }) => ({
  slots: new SessionSlots(options.fetchSessions),
  byClient: new WeakMap<Client, FetchSessions>(),
}));

function sessionsOf({ broker, client }: RequestContext): FetchSessions {
  const { slots, byClient } = brokerSessions(broker);
  let sessions = byClient.get(client);
  if (sessions === undefined) {
    const own = new FetchSessions(slots);
    client.onEnd(() => own.close());
    byClient.set(client, own);
    sessions = own;
  }
  return sessions;
}
