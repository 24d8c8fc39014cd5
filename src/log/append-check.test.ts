import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH, COMPRESSIONS } from '../formats/records/batch.ts';
import { BatchBuilder } from '../formats/records/batch-builder.ts';
import { seal } from '../formats/records/stamp.ts';
import { AppendFault, type Stream } from '../hub/engine.ts';
import { checkBatchesOf } from './append-check.ts';
import { STREAM_DEFAULTS } from './settings.ts';

const stream = { name: 'orders', settings: STREAM_DEFAULTS } as Stream;

for (const compression of COMPRESSIONS.slice(1)) {
  test(`a ${compression} batch that lies about how many records it has is refused`, () => {
    const builder = new BatchBuilder();
    builder.start({ compression });
    for (let index = 0; index < 3; index++) builder.add(1, null, Buffer.from('value'));
    const batch = Buffer.from(builder.finish());
    checkBatchesOf(stream, batch);
    for (const count of [2, 4, 1_000_000_000]) {
      batch.writeInt32BE(count, BATCH.count);
      batch.writeInt32BE(count - 1, BATCH.lastOffsetDelta);
      seal(batch);
      assert.throws(
        () => checkBatchesOf(stream, batch),
        (error) => error instanceof AppendFault && error.reason === 'corrupt',
      );
    }
  });
}
