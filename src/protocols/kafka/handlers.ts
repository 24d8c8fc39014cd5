import { createAcls, deleteAcls, describeAcls } from './apis/acls.ts';
import { alterConfigs, incrementalAlterConfigs } from './apis/alter-configs.ts';
import { apiVersions } from './apis/api-versions.ts';
import { createPartitions } from './apis/create-partitions.ts';
import { createTopics } from './apis/create-topics.ts';
import { deleteRecords } from './apis/delete-records.ts';
import { deleteTopics } from './apis/delete-topics.ts';
import { describeCluster } from './apis/describe-cluster.ts';
import { describeConfigs } from './apis/describe-configs.ts';
import { describeLogDirs } from './apis/describe-log-dirs.ts';
import { describeProducers } from './apis/describe-producers.ts';
import { describeTopicPartitions } from './apis/describe-topic-partitions.ts';
import { electLeaders, listPartitionReassignments } from './apis/leaders.ts';
import { listOffsets } from './apis/list-offsets.ts';
import { metadata } from './apis/metadata.ts';
import { offsetForLeaderEpoch } from './apis/offset-for-leader-epoch.ts';
import { type AnyHandler, dispatchMap } from './dispatch.ts';
import { fetch } from './fetch/fetch.ts';
import { GROUP_HANDLERS } from './groups/handlers.ts';
import { produce } from './produce/produce.ts';
import { SASL_HANDLERS } from './sasl/handlers.ts';
import { TRANSACTION_HANDLERS } from './transactions/handlers.ts';

/** Everything that is served, and told to clients by ApiVersions. */
export const HANDLERS: ReadonlyMap<number, AnyHandler> = dispatchMap(
  [
    produce,
    fetch,
    listOffsets,
    metadata,
    apiVersions,
    createTopics,
    deleteTopics,
    deleteRecords,
    offsetForLeaderEpoch,
    describeAcls,
    createAcls,
    deleteAcls,
    describeConfigs,
    alterConfigs,
    describeLogDirs,
    createPartitions,
    electLeaders,
    incrementalAlterConfigs,
    listPartitionReassignments,
    describeCluster,
    describeProducers,
    describeTopicPartitions,
  ],
  SASL_HANDLERS,
  GROUP_HANDLERS,
  TRANSACTION_HANDLERS,
);
