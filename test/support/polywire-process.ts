import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SystemFacts } from '../../src/cli/banner.ts';

const MAIN = fileURLToPath(new URL('../../scripts/polywire.mjs', import.meta.url));
const LIMIT_MS = 20_000;

/** A test, or whoever else ends what was started for it. */
export interface Owner {
  after(end: () => unknown): void;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `polywire` process, as a person would start it; ended with the test at the latest. */
export class PolywireProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  readonly #changed: (() => void)[] = [];

  constructor(context: Owner, words: readonly string[], options: ProcessOptions = {}) {
    const environment = { ...process.env, ...options.environment };
    for (const name of Object.keys(environment)) {
      if (name.startsWith('POLYWIRE_') && options.environment?.[name] === undefined) {
        delete environment[name];
      }
    }
    this.child = spawn(process.execPath, [MAIN, ...words], {
      cwd: options.directory,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => {
      // A command that does not read stdin has closed it.
    });
    this.child.stdin?.end(options.stdin ?? '');
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.stdout += bytes.toString();
      for (const tell of this.#changed) tell();
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
      for (const tell of this.#changed) tell();
    });
    this.finished = new Promise((resolve) => {
      this.child.on('close', (exitCode) => {
        resolve({ exitCode, stdout: this.stdout, stderr: this.stderr });
        for (const tell of this.#changed) tell();
      });
    });
    context.after(async () => {
      if (this.child.exitCode === null) this.child.kill('SIGKILL');
      await this.finished;
    });
  }

  /** Resolves when what was printed matches. @throws Error with all output when it never does */
  async printed(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const endMs = performance.now() + LIMIT_MS;
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      const over = this.child.exitCode !== null || performance.now() > endMs;
      if (over) {
        throw new Error(`never printed ${pattern}; stdout: ${this.stdout} stderr: ${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** What `up --json` says once it serves. */
  async serving(): Promise<SystemFacts> {
    const [line] = await this.printed(/^\{"event":"serving".*\}$/m);
    return JSON.parse(line) as SystemFacts;
  }
}

export interface ProcessOptions {
  readonly directory?: string;
  readonly environment?: Record<string, string>;
  readonly stdin?: string;
}

/** Runs a command to its end. */
export function polywire(
  context: Owner,
  words: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  return new PolywireProcess(context, words, options).finished;
}

/** A port that nobody listens on now, for a hub that is started again on the same one. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A folder with these files, removed after the test. */
export async function folderWith(
  context: Owner,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'polywire-cli-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const PACKAGE = new URL('../../src/index.ts', import.meta.url).href;
const ZOD = import.meta.resolve('zod');

/** The text of an application with operations to wait in, stream from and count items of. */
export function demoApplication(version = '1.0.0'): string {
  return `
import { setTimeout as sleep } from 'node:timers/promises';
import { command, contract, error, implement, query, service, stream } from '${PACKAGE}';
import * as z from '${ZOD}';

const Item = z.object({ value: z.int() });
const demo = contract({
  name: 'demo',
  version: '${version}',
  errors: { Missing: error({ code: 'NOT_FOUND', data: z.object({ id: z.string() }) }) },
  services: {
    demo: service({
      operations: {
        version: query({ output: z.object({ version: z.string() }) }),
        wait: command({ input: z.object({ ms: z.int() }), output: z.object({ waited: z.int() }) }),
        find: query({ input: z.object({ id: z.string() }), output: Item, errors: ['Missing'] }),
        count: query({ input: z.object({ to: z.int() }), output: stream(Item) }),
        sum: command({ input: stream(Item), output: z.object({ sum: z.int() }) }),
        double: command({ input: stream(Item), output: stream(Item) }),
      },
    }),
  },
});

export default implement(demo, {
  demo: {
    version: () => ({ version: '${version}' }),
    wait: async ({ ms }) => {
      process.stderr.write('waiting\\n');
      if (ms === 0) void Promise.reject(new Error('nobody waits for this'));
      await sleep(ms);
      return { waited: ms };
    },
    find: ({ id }) => {
      throw demo.errors.Missing({ id });
    },
    count: async function* ({ to }) {
      for (let value = 1; value <= to; value++) yield { value };
    },
    sum: async (items) => {
      let sum = 0;
      for await (const { value } of items) sum += value;
      return { sum };
    },
    double: async function* (items) {
      for await (const { value } of items) yield { value: value * 2 };
    },
  },
});
`;
}
