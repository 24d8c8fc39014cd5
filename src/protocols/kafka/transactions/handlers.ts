import type { AnyHandler } from '../dispatch.ts';
import { addOffsetsToTxn } from './api/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './api/add-partitions-to-txn.ts';
import { describeTransactions } from './api/describe-transactions.ts';
import { endTxn } from './api/end-txn.ts';
import { initProducerId } from './api/init-producer-id.ts';
import { listTransactions } from './api/list-transactions.ts';
import { txnOffsetCommit } from './api/txn-offset-commit.ts';

/** Producer ids and transactions. */
export const TRANSACTION_HANDLERS: readonly AnyHandler[] = [
  initProducerId,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  txnOffsetCommit,
  describeTransactions,
  listTransactions,
];
