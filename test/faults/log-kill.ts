/** `node test/faults/log-kill.ts [--rounds 50] [--seed N] [--power]`: the long form of
 * log-kill.test.ts; with `--power` the power is cut, instead of the process killed. */
import { parseArgs } from 'node:util';
import { killLoop } from './log/kill.ts';
import { powerLoop } from './log/power.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    power: { type: 'boolean', default: false },
  },
});
console.log(`${values.rounds} rounds, seed ${values.seed}`);
const loop = values.power ? powerLoop : killLoop;
await loop(
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
