import type { Broker, Client } from '../context.ts';
import { CONFIG_TYPE, type ConfigType } from './config-value.ts';

export interface BrokerConfig {
  readonly name: string;
  readonly type: ConfigType;
  readonly value: string;
}

/** What tools read of a broker's configuration; it is written in the hub's. */
export function brokerConfigs(
  { options, nodeId, streams }: Broker,
  client: Client,
): BrokerConfig[] {
  const { int, long, string, boolean } = CONFIG_TYPE;
  const { host, port } = client.advertised;
  const defaults = streams.defaults('any');
  return [
    { name: 'broker.id', type: int, value: String(nodeId) },
    { name: 'node.id', type: int, value: String(nodeId) },
    { name: 'advertised.listeners', type: string, value: `PLAINTEXT://${host}:${port}` },
    { name: 'auto.create.topics.enable', type: boolean, value: String(options.autoCreateTopics) },
    { name: 'delete.topic.enable', type: boolean, value: 'true' },
    { name: 'num.partitions', type: int, value: String(options.defaultPartitions) },
    { name: 'default.replication.factor', type: int, value: '1' },
    { name: 'min.insync.replicas', type: int, value: '1' },
    { name: 'compression.type', type: string, value: 'producer' },
    { name: 'log.cleanup.policy', type: CONFIG_TYPE.list, value: 'delete' },
    { name: 'log.retention.ms', type: long, value: String(defaults.retentionMs) },
    { name: 'log.retention.bytes', type: long, value: String(defaults.retentionBytes) },
    { name: 'log.segment.bytes', type: int, value: String(defaults.segmentBytes) },
    { name: 'message.max.bytes', type: int, value: String(defaults.maxBatchBytes) },
    { name: 'socket.request.max.bytes', type: int, value: String(options.maxRequestBytes) },
    { name: 'fetch.max.bytes', type: int, value: String(options.maxFetchBytes) },
    { name: 'connections.max.idle.ms', type: long, value: String(options.idleTimeoutMs) },
    {
      name: 'max.incremental.fetch.session.cache.slots',
      type: int,
      value: String(options.fetchSessions),
    },
  ];
}
