import { baseOffsetOf, batchBytes, isControl } from '../../formats/records/batch.ts';
import { RecordReader } from '../../formats/records/record-reader.ts';
import { Fault } from '../../model/fault.ts';
import { AppendFault } from '../engine.ts';
import { checkPayload, type KnownEvents } from '../known-events.ts';
import { RecordHeaders } from './record-headers.ts';
import { messageOf } from './record-message.ts';
import type { StreamRoute } from './stream-route.ts';

/**
 * Holds the records of batches that somebody is about to append against the contract.
 * @throws AppendFault 'invalid', which names the first record that does not fit and how
 */
export type RecordCheck = (batches: Buffer) => void;

const reader = new RecordReader();

/** Undefined for a stream that holds no contract's events: nothing is to be checked there. */
export function recordCheck(route: StreamRoute, events: KnownEvents): RecordCheck | undefined {
  if (route.events.length === 0) return undefined;
  return (batches) => {
    let batch = 0;
    for (let at = 0; at < batches.length; at += batchBytes(batches, at), batch++) {
      if (!isControl(batches, at)) checkBatch(route, events, batches, at, batch);
    }
  };
}

function checkBatch(
  route: StreamRoute,
  events: KnownEvents,
  batches: Buffer,
  at: number,
  batch: number,
): void {
  reader.open(batches, at);
  while (reader.next()) {
    const { key, value, timeMs } = reader;
    // The mark of a deleted key is no payload.
    if (value === null) continue;
    const record = { key, value, timeMs, headers: new RecordHeaders(reader.headerBytes) };
    const { text, levels, named } = route.subjectOf(record);
    const known = events.of(levels);
    if (known.length === 0) continue;
    const message = messageOf(record, { subject: text, named, source: '', id: '' });
    try {
      checkPayload(message, known);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      const index = reader.offset - baseOffsetOf(batches, at);
      throw new AppendFault('invalid', `Record ${index} of batch ${batch}: ${fault.message}`, {
        violations: fault.violations,
      });
    }
  }
}
