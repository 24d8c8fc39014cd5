import { type Application, implement } from '#polywire';
import { parcels } from './contract.ts';
import { Ledger } from './ledger.ts';
import { scanBatch, sort, takeScan } from './scanning.ts';
import { watch } from './watch.ts';

/** The parcels service: the contract with code behind it. `polywire up examples/parcels` serves
 * it over every protocol; nothing here knows which ones there are. */
export function createApplication(): Application {
  const ledger = new Ledger();
  return implement(
    parcels,
    {
      parcels: {
        get: ({ id }) => ledger.get(id),
        list: (page) => ledger.list(page),
        history: ({ id }) => ({ moves: [...ledger.history(id)] }),
        count: () => ledger.count(),
        register: async (registration, context) => {
          const parcel = await ledger.register(registration);
          await context.emit('parcels.registered', parcel);
          return parcel;
        },
        move: (scan, context) => takeScan(ledger, scan, context),
        watch: ({ id }, context) => watch(ledger, id, context.signal),
        scanBatch: (scans, context) => scanBatch(ledger, scans, context),
        sort: (scans, context) => sort(ledger, scans, context),
      },
    },
    {
      start: ({ dataDirectory }) => ledger.open(dataDirectory, console.warn),
      stop: () => ledger.close(),
    },
  );
}

export default createApplication();
