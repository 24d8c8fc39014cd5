/**
 * Transactions in their second version (KIP-890): a producer does not announce what it writes to,
 * and has a new epoch after each transaction. Clients use it when the broker says that the feature
 * is on, and show it by the versions of these APIs.
 */
export const TRANSACTION_FEATURE = { name: 'transaction.version', level: 2 } as const;

/** The first versions in which a client relies on it. */
export const IMPLICIT = { produce: 12, endTxn: 5, txnOffsetCommit: 5 } as const;
