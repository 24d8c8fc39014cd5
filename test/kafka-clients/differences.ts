/**
 * Where Polywire answers otherwise than Apache Kafka, on purpose. A path is
 * `<client>/<scenario>/<field>...` with `*` for any one part.
 */
import { isDeepStrictEqual } from 'node:util';

export type Outcomes = ReadonlyMap<string, unknown>;

interface Difference {
  readonly path: string;
  readonly polywire: unknown;
  readonly reason: string;
}

const ALLOWED: readonly Difference[] = [
  {
    path: '*/topic-configs/*/segment.bytes',
    polywire: '134217728 (DEFAULT_CONFIG)',
    reason: 'segments are 128 MiB by default, so that retention frees space sooner',
  },
  {
    path: '*/topic-configs/made/max.message.bytes',
    polywire: '8388608 (DEFAULT_CONFIG)',
    reason: 'a batch may have 8 MiB by default, as the other protocols take such messages',
  },
  {
    path: '*/topic-configs/*/min.insync.replicas',
    polywire: '1 (DEFAULT_CONFIG)',
    reason: 'Apache Kafka stores its own default as if it had been configured',
  },
  {
    path: 'java-4/transaction-timeout/commit/error',
    polywire: 'ProducerFencedException',
    reason:
      'a producer whose transaction timed out is fenced, as Apache Kafka does with older clients; a newer one may learn there only that nothing is open. Both end the producer',
  },
  {
    path: 'kcat/sasl/scram',
    polywire: 1,
    reason:
      'librdkafka before 2.2 repeats its nonce; Apache Kafka refuses that since it compares the whole text, here such clients log in: our own part of the nonce is compared in both',
  },
];

export interface Found {
  readonly explained: readonly string[];
  readonly unexplained: readonly string[];
}

/** Compares two outcomes down to their smallest parts. */
export function findDifferences(
  client: string,
  scenario: string,
  apache: unknown,
  polywire: unknown,
): Found {
  const explained: string[] = [];
  const unexplained: string[] = [];
  const visit = (path: readonly string[], expected: unknown, actual: unknown): void => {
    if (isDeepStrictEqual(expected, actual)) return;
    const allowed = ALLOWED.find(
      (each) => matches(each.path, path) && isDeepStrictEqual(each.polywire, actual),
    );
    if (allowed !== undefined) {
      explained.push(`${path.join('/')}: ${allowed.reason}`);
    } else if (isParts(expected) && isParts(actual)) {
      for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
        visit([...path, key], expected[key], actual[key]);
      }
    } else {
      unexplained.push(
        `${path.join('/')}: Apache Kafka ${JSON.stringify(expected)}, Polywire ${JSON.stringify(actual)}`,
      );
    }
  };
  visit([client, scenario], apache, polywire);
  return { explained, unexplained };
}

function matches(pattern: string, path: readonly string[]): boolean {
  const parts = pattern.split('/');
  return parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i]);
}

function isParts(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
