import { z } from 'zod';
import {
  command,
  contract,
  error,
  event,
  query,
  type SchemaOutput,
  service,
  stream,
} from '#polywire';
import { isTrackingNumber, TRACKING_NUMBER } from './tracking-number.ts';

const TrackingNumber = z
  .string()
  .regex(TRACKING_NUMBER)
  .refine(isTrackingNumber, 'a tracking number whose check digit fits')
  .meta({ description: 'UPU S10, as printed on the parcel.', examples: ['CP000000014CH'] });

const Status = z
  .enum(['registered', 'collected', 'arrived', 'departed', 'loaded', 'delivered'])
  .meta({ id: 'Status', description: 'What happened to a parcel last.' });

const Place = z
  .string()
  .min(1)
  .max(60)
  .meta({ description: 'Depot, vehicle or door.', examples: ['depot Bern'] });

const Address = z
  .object({
    name: z.string().min(1).max(100),
    street: z.string().min(1).max(200),
    city: z.string().min(1).max(100),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .meta({ description: 'ISO 3166-1, two letters.' }),
  })
  .meta({ id: 'Address' });

const Registration = z.object({
  recipient: Address,
  weightGrams: z.int().min(1).max(31_500),
});

const Parcel = z
  .object({
    id: TrackingNumber,
    recipient: Address,
    weightGrams: z.int(),
    status: Status,
    place: Place,
    registeredAt: z.iso.datetime(),
    movedAt: z.iso.datetime(),
  })
  .meta({ id: 'Parcel' });

const Scan = z
  .object({ id: TrackingNumber, to: Status, place: Place })
  .meta({ id: 'Scan', description: 'A scanner saw a parcel: what happened to it, and where.' });

const Move = z
  .object({ id: TrackingNumber, from: Status, to: Status, place: Place, at: z.iso.datetime() })
  .meta({ id: 'Move', description: 'A scan that was accepted.' });

const Rejection = z
  .object({
    index: z.int().meta({ description: 'Which scan of the batch, from 0.' }),
    id: z.string(),
    error: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'Rejection' });

const BatchSummary = z
  .object({
    accepted: z.int(),
    rejected: z.int(),
    rejections: z.array(Rejection).meta({ description: 'The first hundred.' }),
  })
  .meta({ id: 'BatchSummary' });

const Instruction = z
  .object({
    id: z.string(),
    action: z.enum(['sort', 'release', 'hold']),
    lane: z.int().optional().meta({ description: 'The lane to sort it to.' }),
    reason: z.string().optional().meta({ description: 'Why to hold it.' }),
  })
  .meta({ id: 'Instruction', description: 'What whoever holds the scanner does now.' });

const ById = z.object({ id: TrackingNumber });

/** Parcels from the sender to the door: everything that any system can ask of it or hear from it. */
export const parcels = contract({
  name: 'parcels',
  version: '1.0.0',
  doc: 'Parcels are registered, scanned on their way, and tracked.',
  errors: {
    ParcelNotFound: error({
      code: 'NOT_FOUND',
      message: 'No parcel has this tracking number.',
      data: z.object({ id: z.string() }),
    }),
    ParcelAlreadyDelivered: error({
      code: 'FAILED_PRECONDITION',
      message: 'The parcel is delivered; it goes nowhere any more.',
      data: z.object({ id: z.string(), deliveredAt: z.iso.datetime() }),
    }),
    IllegalMove: error({
      code: 'FAILED_PRECONDITION',
      message: 'A parcel cannot go there from where it is.',
      data: z.object({ id: z.string(), from: Status, to: Status, allowed: z.array(Status) }),
    }),
  },
  services: {
    parcels: service({
      operations: {
        get: query({
          doc: 'One parcel as it is now.',
          input: ById,
          output: Parcel,
          errors: ['ParcelNotFound'],
          http: { method: 'GET', path: '/parcels/{id}' },
        }),
        list: query({
          doc: 'Parcels in the order in which they were registered, page by page.',
          input: z.object({
            status: Status.optional(),
            after: TrackingNumber.optional().meta({ description: '`next` of the page before.' }),
            limit: z.int().min(1).max(100).default(20),
          }),
          output: z.object({ parcels: z.array(Parcel), next: TrackingNumber.optional() }),
          http: { method: 'GET', path: '/parcels' },
        }),
        history: query({
          doc: 'Every move of a parcel, oldest first.',
          input: ById,
          output: z.object({ moves: z.array(Move) }),
          errors: ['ParcelNotFound'],
          http: { method: 'GET', path: '/parcels/{id}/history' },
        }),
        count: query({
          doc: 'How many parcels there are, by status.',
          output: z.object({ total: z.int(), byStatus: z.record(Status, z.int()) }),
        }),
        register: command({
          doc: 'Takes on a new parcel and gives it a tracking number.',
          input: Registration,
          output: Parcel,
          http: { method: 'POST', path: '/parcels' },
          examples: [
            {
              name: 'a book to Bern',
              input: {
                recipient: {
                  name: 'Ada Muster',
                  street: 'Marktgasse 1',
                  city: 'Bern',
                  country: 'CH',
                },
                weightGrams: 1200,
              },
            },
          ],
        }),
        move: command({
          doc: 'Records where a parcel went.',
          input: Scan,
          output: Move,
          errors: ['ParcelNotFound', 'ParcelAlreadyDelivered', 'IllegalMove'],
          http: { method: 'POST', path: '/parcels/{id}/moves' },
        }),
        watch: query({
          doc: 'The moves of a parcel: those so far, then each as it happens, until delivery.',
          input: ById,
          output: stream(Move),
          errors: ['ParcelNotFound'],
          http: { method: 'GET', path: '/parcels/{id}/watch' },
        }),
        scanBatch: command({
          doc: 'The scans of a round, sent when there is a network again. Each stands for itself.',
          input: stream(Scan),
          output: BatchSummary,
        }),
        sort: command({
          doc: 'A dialogue with a scanner: each scan is answered with what to do with the parcel.',
          input: stream(Scan),
          output: stream(Instruction),
        }),
      },
      events: {
        registered: event({ doc: 'A parcel was taken on.', payload: Parcel, key: 'id' }),
        moved: event({
          doc: 'A parcel went somewhere; one subject for each parcel.',
          subject: 'parcels.moved.{id}',
          payload: Move,
          key: 'id',
        }),
        delivered: event({ doc: 'A parcel is at its door.', payload: Move, key: 'id' }),
      },
    }),
  },
});

export type Status = SchemaOutput<typeof Status>;
export type Registration = SchemaOutput<typeof Registration>;
export type Parcel = SchemaOutput<typeof Parcel>;
export type Scan = SchemaOutput<typeof Scan>;
export type Move = SchemaOutput<typeof Move>;
export type Instruction = SchemaOutput<typeof Instruction>;
export type BatchSummary = SchemaOutput<typeof BatchSummary>;
