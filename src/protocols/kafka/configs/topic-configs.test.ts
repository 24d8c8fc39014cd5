import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamSettings } from '../../../hub/engine.ts';
import { ConfigError } from './config-value.ts';
import { changedSettings, TOPIC_CONFIGS } from './topic-configs.ts';

const DEFAULTS: StreamSettings = {
  subjects: ['orders'],
  partitions: 1,
  keySubject: undefined,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  retentionRecords: -1,
  compact: false,
  expire: true,
  tombstoneMs: 86_400_000,
  sync: 'always',
  segmentBytes: 134_217_728,
  segmentMs: 604_800_000,
  maxBatchBytes: 8_388_608,
  time: 'created',
  extra: {},
};

const changed = (...changes: [string, string | null][]): Partial<StreamSettings> =>
  changedSettings(changes, { extra: { 'min.insync.replicas': '2' } }, DEFAULTS);

describe('settings of topics', () => {
  it('are read as they were written, each of them', () => {
    const values: Record<string, string> = {
      'cleanup.policy': 'compact,delete',
      'retention.ms': '1000',
      'retention.bytes': '5000',
      'polywire.retention.records': '7',
      'segment.bytes': '1048576',
      'segment.ms': '60000',
      'max.message.bytes': '2048',
      'delete.retention.ms': '10',
      'message.timestamp.type': 'LogAppendTime',
      'polywire.sync': 'interval',
      'polywire.subjects': 'sensors.>,rooms.*',
      'polywire.subject': 'sensors.{key}',
    };
    assert.deepEqual(Object.keys(values).toSorted(), [...TOPIC_CONFIGS.keys()].toSorted());
    for (const [name, value] of Object.entries(values)) {
      const settings = { ...DEFAULTS, ...changed([name, value]) };
      assert.equal(TOPIC_CONFIGS.get(name)!.read(settings), value, name);
      const reset = { ...settings, ...changed([name, null]) };
      assert.equal(
        TOPIC_CONFIGS.get(name)!.read(reset),
        TOPIC_CONFIGS.get(name)!.read(DEFAULTS),
        name,
      );
    }
  });

  it('mean what Kafka means by them', () => {
    assert.deepEqual(changed(['cleanup.policy', 'compact']), {
      compact: true,
      expire: false,
      extra: { 'min.insync.replicas': '2' },
    });
    assert.equal(changed(['retention.ms', '-1']).retentionMs, -1);
    const forever = changed(['retention.ms', '9223372036854775807']).retentionMs;
    assert.equal(forever, Number.MAX_SAFE_INTEGER);
  });

  it('without effect are kept, and given up again', () => {
    assert.deepEqual(changed(['flush.ms', '10']).extra, {
      'min.insync.replicas': '2',
      'flush.ms': '10',
    });
    assert.deepEqual(changed(['min.insync.replicas', null]).extra, {});
  });

  it('that are unknown or wrong are refused with what was expected', () => {
    const bad: [string, string, RegExp][] = [
      ['no.such.thing', 'x', /Unknown topic config name: no\.such\.thing/],
      ['retention.ms', 'soon', /expected an integer, at least -1/],
      ['segment.bytes', '1', /expected an integer, at least 16384/],
      ['cleanup.policy', 'shred', /expected one of delete, compact/],
      ['compression.type', 'zstd', /can be producer only/],
      ['polywire.sync', 'perhaps', /expected one of always, interval, never/],
    ];
    for (const [name, value, message] of bad) {
      assert.throws(
        () => changed([name, value]),
        (error) => error instanceof ConfigError && message.test(error.message),
        name,
      );
    }
    assert.doesNotThrow(() => changed(['compression.type', 'producer']));
  });
});
