/**
 * `npm run check`: everything that has to be true before a change lands, in one command. The steps
 * are independent, so two run at a time, the longest first; each prints only when it fails.
 */
import { spawn } from 'node:child_process';
import { styleText } from 'node:util';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
}

const FOLDERS = ['src', 'test', 'scripts', 'bench', 'examples'];

const STEPS: readonly Step[] = [
  {
    name: 'unit tests',
    command: 'node',
    arguments: ['--test', '--test-reporter=dot', 'src/**/*.test.ts', 'scripts/**/*.test.ts'],
  },
  { name: 'lost promises', command: 'eslint', arguments: FOLDERS },
  { name: 'types', command: 'tsc', arguments: ['-p', 'tsconfig.json'] },
  { name: 'format and lint', command: 'biome', arguments: ['check', '--error-on-warnings', '.'] },
  { name: 'tidy', command: 'node', arguments: ['scripts/tidy.ts'] },
  { name: 'generated docs', command: 'node', arguments: ['scripts/docs.ts', '--check'] },
];

interface Outcome {
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

function run(step: Step): Promise<Outcome> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(step.command, step.arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (ok: boolean): void =>
      resolve({ ok, seconds: (performance.now() - startedMs) / 1000, output });
    child.on('error', (error) => {
      output += `${step.command} cannot be started: ${error.message}; run it through npm.\n`;
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}

let failed = 0;
const queue = [...STEPS];

async function worker(): Promise<void> {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const outcome = await run(step);
    const mark = outcome.ok ? styleText('green', 'ok  ') : styleText('red', 'FAIL');
    console.log(`${mark} ${step.name} (${outcome.seconds.toFixed(1)} s)`);
    if (!outcome.ok) {
      failed++;
      console.log(outcome.output);
    }
  }
}

await Promise.all([worker(), worker()]);
if (failed > 0) {
  console.log(`${failed} of ${STEPS.length} checks failed.`);
  process.exitCode = 1;
}
