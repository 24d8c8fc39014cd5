import { BATCH } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import { RecordReader } from './record-reader.ts';

/**
 * Control batches that end a transaction: one record, whose key is version int16 (0) and type int16
 * (0 abort, 1 commit), whose value is version int16 (0) and coordinator epoch int32 (Apache Kafka,
 * "Control Batches", EndEndMarker).
 */

const COMMIT = 1;

/** How a producer's transaction ended. */
export interface EndMarker {
  /** 64-bit. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly coordinatorEpoch: number;
}

const builder = new BatchBuilder(256);
const reader = new RecordReader();

/** The control batch; the caller's own. */
export function buildMarker(marker: EndMarker, timeMs: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(marker.commit ? COMMIT : 0, 2);
  const value = Buffer.alloc(6);
  value.writeInt32BE(marker.coordinatorEpoch, 2);
  builder.start({
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    transactional: true,
    control: true,
  });
  builder.add(timeMs, key, value);
  return Buffer.from(builder.finish());
}

/** What a control batch says; undefined for kinds that end no transaction.
 * @throws RecordsFault 'corrupt' */
export function readMarker(batch: Buffer, at = 0): EndMarker | undefined {
  reader.open(batch, at);
  const { key, value } = reader.next() ? reader : { key: null, value: null };
  reader.close();
  if (key === null || key.length < 4 || value === null || value.length < 6) return undefined;
  const type = key.readInt16BE(2);
  if (type !== 0 && type !== COMMIT) return undefined;
  return {
    producerId: batch.readBigInt64BE(at + BATCH.producerId),
    producerEpoch: batch.readInt16BE(at + BATCH.producerEpoch),
    commit: type === COMMIT,
    coordinatorEpoch: value.readInt32BE(2),
  };
}
