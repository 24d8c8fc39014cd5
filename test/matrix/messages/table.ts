import { MESSAGE_CELLS } from './cells.ts';
import { WITHOUT_DRIVER } from './sides.ts';

export interface MessageRow {
  readonly publisher: string;
  readonly receiver: string;
  readonly cell: string;
  /** 'passed', or why the cell does not exist for these two. */
  readonly state: string;
}

/** docs/message-matrix.md. A cell that neither passed nor has a reason shows as missing. */
export function messageTable(pairs: readonly Pair[], rows: readonly MessageRow[]): string {
  const names = MESSAGE_CELLS.map(({ name }) => name);
  const notes: string[] = [];
  const lines = pairs.map(({ publisher, receiver }) => {
    const cells = names.map((name) => {
      const row = rows.find(
        (one) => one.publisher === publisher && one.receiver === receiver && one.cell === name,
      );
      if (row === undefined) return 'MISSING';
      if (row.state === 'passed') return 'yes';
      if (!notes.includes(row.state)) notes.push(row.state);
      return `no (${notes.indexOf(row.state) + 1})`;
    });
    return `| ${[publisher, receiver, ...cells].join(' | ')} |`;
  });
  return [
    '<!-- Written by test/matrix/message.test.ts; do not edit. -->',
    '# The message matrix',
    '',
    'Published by each, received by each, by third-party clients against one hub: order within a key',
    'over several partitions and nothing lost or doubled, while it is published and afterwards from',
    'the start of the stream; bytes, content types, keys and headers as they were sent.',
    '',
    `| published by | received by | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...lines,
    ...(notes.length === 0 ? [] : ['', ...notes.map((text, index) => `${index + 1}. ${text}`)]),
    '',
    ...Object.values(WITHOUT_DRIVER).map((reason) => `- ${reason}`),
    '',
  ].join('\n');
}

export interface Pair {
  readonly publisher: string;
  readonly receiver: string;
}
