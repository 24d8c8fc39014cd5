import { CELLS } from './cells.ts';
import { SHAPES } from './driver.ts';
import { DRIVERS } from './drivers/index.ts';

export interface Row {
  readonly protocol: string;
  readonly client: string;
  readonly shape: string;
  readonly outcome: string;
  /** 'passed', or why the cell does not exist for this client. */
  readonly state: string;
}

/** docs/matrix.md. A cell that neither passed nor has a reason shows as missing. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [
    '<!-- Written by test/matrix/call.test.ts; do not edit. -->',
    '# The call matrix',
    '',
    'Every shape of operation over every protocol that can carry it, for every outcome, driven by',
    'third-party clients against one hub. The same canonical outcome is asserted in each cell.',
    '',
    `| protocol | client | shape | ${CELLS.map(({ outcome }) => outcome).join(' | ')} |`,
    `|---|---|---|${CELLS.map(() => '---|').join('')}`,
  ];
  const notes: string[] = [];
  for (const [protocol, client] of clientsOf(rows)) {
    for (const shape of SHAPES) {
      const own = rows.filter(
        (row) => row.protocol === protocol && row.client === client && row.shape === shape,
      );
      if (own.length === 0) continue;
      const cells = CELLS.map(({ outcome }) => {
        const state = own.find((row) => row.outcome === outcome)?.state;
        return state === undefined ? 'MISSING' : state === 'passed' ? 'yes' : note(notes, state);
      });
      lines.push(`| ${protocol} | ${client} | ${shape} | ${cells.join(' | ')} |`);
    }
  }
  if (notes.length > 0) {
    lines.push('', ...notes.map((text, index) => `${index + 1}. ${text}`));
  }
  return `${lines.join('\n')}\n`;
}

/** In the order of the drivers: rows arrive as the cells end. */
function clientsOf(rows: readonly Row[]): [protocol: string, client: string][] {
  return DRIVERS.flatMap(({ client }) => {
    const row = rows.find((candidate) => candidate.client === client);
    return row === undefined ? [] : [[row.protocol, client] as [string, string]];
  });
}

function note(notes: string[], text: string): string {
  if (!notes.includes(text)) notes.push(text);
  return `no (${notes.indexOf(text) + 1})`;
}
