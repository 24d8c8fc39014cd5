/** `node test/faults/log-kill.ts [--rounds 50] [--seed N]`: the long form of log-kill.test.ts. */
import { parseArgs } from 'node:util';
import { killLoop } from './log/kill.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
console.log(`${values.rounds} rounds, seed ${values.seed}`);
await killLoop(
  Number(values.rounds),
  Number(values.seed),
  ({ round, checked, damaged, recoveryMs, notes }) => {
    const files = damaged === '' ? '' : ` (${damaged})`;
    const mended = notes.length === 0 ? '' : `; ${notes.join('; ')}`;
    console.log(
      `round ${round}${files}: ${checked}, opened in ${recoveryMs.toFixed(0)} ms${mended}`,
    );
  },
);
console.log('Nothing that was acknowledged was lost, doubled or out of order.');
