import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { fromJson, type LoadedContract, loadContract } from '../config/load-contract.ts';
import { attachLockText } from '../config/proto-lock.ts';
import type { DocumentKind } from '../hub/protocol.ts';
import type { Contract } from '../model/contract.ts';
import { ContractError } from '../model/contract-form.ts';
import type { Problem } from '../model/contract-rules.ts';
import { diffContracts } from '../model/diff/contract-diff.ts';
import { lockFileName } from '../wire/protobuf/lock.ts';
import { diffReport, type JudgedChange, judge } from './contract-report.ts';

/** Exit codes of the contract commands. */
const BREAKING = 1;
/** As the command's other failures of a contract or configuration. */
const BAD_CONTRACT = 3;

const MAX_GIT_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Where the commands run, and where what they say goes. */
export interface Terminal {
  readonly directory: string;
  out(text: string): void;
  error(text: string): void;
  exit(code: number): void;
}

const PROCESS: Terminal = {
  directory: process.cwd(),
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
};

interface OutputOptions {
  readonly json?: boolean;
}

/**
 * Adds `polywire contract export|check|diff`.
 * @param documents what the protocols make of a contract (`export --format`)
 */
export function contractCommand(
  program: Command,
  documents: readonly DocumentKind[],
  terminal: Terminal = PROCESS,
): void {
  const contract = program.command('contract').description('Export, check and compare contracts.');
  const formats = ['json', ...documents.map(({ format }) => format)];
  contract
    .command('export')
    .description('Write a contract in its neutral form or as a document of a protocol.')
    .argument('<file>', '.ts, .js or .json file with a contract')
    .option('--format <format>', `one of ${formats.join(', ')}`, 'json')
    .option('--out <path>', 'write to this file, or the files into this folder')
    .option('--url <url>', 'base address in documents', 'http://127.0.0.1:7070')
    .option('--json', 'failures as JSON')
    .action(
      action(terminal, (file: string, options: ExportOptions) =>
        exportContract(file, options, documents, terminal),
      ),
    );
  contract
    .command('check')
    .description('Tell everything that is wrong with a contract.')
    .argument('<file>', '.ts, .js or .json file with a contract')
    .option('--json', 'machine-readable output')
    .action(
      action(terminal, (file: string, options: OutputOptions) =>
        checkFile(file, options, terminal),
      ),
    );
  contract
    .command('diff')
    .description('Class every change as safe or breaking, and say for which protocols and why.')
    .argument('<old>', 'file, or revision:path of a .json file in git')
    .argument('<new>', 'file, or revision:path of a .json file in git')
    .option('--allow-breaking', 'exit with 0 although there are breaking changes')
    .option('--json', 'machine-readable output')
    .action(
      action(terminal, (before: string, after: string, options: DiffOptions) =>
        diffFiles(before, after, options, terminal),
      ),
    );
}

/** Runs a command; what it throws is told in words, without a stack. */
function action<Arguments extends unknown[]>(
  terminal: Terminal,
  run: (...given: Arguments) => Promise<void>,
): (...given: Arguments) => Promise<void> {
  return async (...given) => {
    try {
      await run(...given);
    } catch (error) {
      const options = given.find((one): one is Arguments[number] & OutputOptions => isOptions(one));
      const message = error instanceof Error ? error.message : String(error);
      if (options?.json === true) {
        terminal.error(`${JSON.stringify({ error: message, problems: problemsOf(error) })}\n`);
      } else terminal.error(`polywire: ${message}\n`);
      terminal.exit(BAD_CONTRACT);
    }
  };
}

function isOptions(value: unknown): value is OutputOptions {
  return typeof value === 'object' && value !== null && 'json' in value;
}

function problemsOf(error: unknown): readonly Problem[] {
  return error instanceof ContractError ? error.problems : [];
}

function print(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}

interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly url: string;
}

async function exportContract(
  file: string,
  { format, out, url }: ExportOptions,
  documents: readonly DocumentKind[],
  terminal: Terminal,
): Promise<void> {
  const { contract } = sound(await loadContract(file, terminal.directory), file);
  let text: string;
  if (format === 'json') text = JSON.stringify(contract, null, 2);
  else {
    const kind = documents.find((one) => one.format === format);
    if (kind === undefined) {
      const known = ['json', ...documents.map((one) => one.format)].join(', ');
      throw new Error(`there is no format "${format}"; known are ${known}.`);
    }
    if (format === 'proto') await keepNumbers(contract, file, true, terminal);
    if (out !== undefined && kind.files !== undefined) {
      const folder = resolve(terminal.directory, out);
      if (out.endsWith('/') || (await isFolder(folder))) {
        await mkdir(folder, { recursive: true });
        for (const one of await kind.files(contract, url)) {
          await writeFile(join(folder, one.name), one.text);
        }
        return;
      }
    }
    text = await kind.create(contract, url);
  }
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  if (out === undefined) terminal.out(whole);
  else await writeFile(resolve(terminal.directory, out), whole);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there: a file is to be made.
    return false;
  }
}

/** Keeps the numbers of protobuf fields beside the contract, and says so where they changed. */
async function keepNumbers(
  contract: Contract,
  file: string,
  create: boolean,
  terminal: Terminal,
): Promise<void> {
  const directory = dirname(resolve(terminal.directory, file));
  const { updateLockFile } = await import('./proto-lock.ts');
  const written = await updateLockFile(contract, directory, create);
  if (written !== undefined) {
    terminal.error(
      `polywire: ${written} now holds the field numbers; keep it with the contract.\n`,
    );
  }
}

/** The loaded contract, unless it has errors. */
function sound(loaded: LoadedContract, file: string): LoadedContract {
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ContractError(file, errors);
  return loaded;
}

async function checkFile(file: string, options: OutputOptions, terminal: Terminal): Promise<void> {
  const { contract, application, problems } = await loadWithProblems(file, terminal.directory);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors === 0 && contract !== undefined) await keepNumbers(contract, file, false, terminal);
  if (options.json === true) print(terminal, { file, ok: errors === 0, problems });
  else {
    for (const { severity, place, message } of problems) {
      terminal.out(`${severity}: ${place}: ${message}\n`);
    }
    if (errors === 0 && contract !== undefined) {
      const operations = contract.services.flatMap((service) => service.operations).length;
      const events = contract.services.flatMap((service) => service.events).length;
      const code = application === undefined ? 'without handlers' : 'with handlers';
      terminal.out(
        `${contract.name} ${contract.version} is sound: ${counted(operations, 'operation')} and ${counted(events, 'event')}, ${code}.\n`,
      );
    }
  }
  if (errors > 0) terminal.exit(BAD_CONTRACT);
}

/** A module with a wrong contract throws while it loads: its problems are the result here. */
async function loadWithProblems(
  file: string,
  directory: string,
): Promise<Partial<LoadedContract> & Pick<LoadedContract, 'problems'>> {
  try {
    return await loadContract(file, directory);
  } catch (error) {
    if (error instanceof ContractError) return { problems: error.problems };
    throw error;
  }
}

interface DiffOptions extends OutputOptions {
  readonly allowBreaking?: boolean;
}

async function diffFiles(
  before: string,
  after: string,
  options: DiffOptions,
  terminal: Terminal,
): Promise<void> {
  const [old, next] = await Promise.all([
    loadSide(before, terminal.directory),
    loadSide(after, terminal.directory),
  ]);
  const one = sound(old, before).contract;
  const other = sound(next, after).contract;
  const { numberChanges } = await import('./proto-lock.ts');
  const changes: JudgedChange[] = [
    ...diffContracts(one, other).map(judge),
    ...numberChanges(one, other),
  ];
  const breaking = changes.filter((change) => change.verdict === 'breaking').length;
  if (options.json === true) {
    print(terminal, { before, after, breaking, safe: changes.length - breaking, changes });
  } else terminal.out(diffReport(changes));
  if (breaking > 0 && options.allowBreaking !== true) terminal.exit(BREAKING);
}

/** `revision:path` reads a neutral form out of git; anything else is a file. */
async function loadSide(name: string, directory: string): Promise<LoadedContract> {
  const revision = /^([^:\\/][^:]+):(?!\\)(.+)$/.exec(name);
  if (revision === null) return loadContract(name, directory);
  if (!name.endsWith('.json')) {
    throw new Error(
      `${name}: only a .json file is read from git, since a module needs the files around it; keep the neutral form there (polywire contract export).`,
    );
  }
  if (name.startsWith('-')) throw new Error(`${name} is no revision.`);
  const show = async (what: string): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', ['show', what], {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: MAX_GIT_OUTPUT_BYTES,
    });
    return stdout;
  };
  try {
    const loaded = fromJson(await show(name), name);
    const folder = name.slice(0, Math.max(name.indexOf(':'), name.lastIndexOf('/')) + 1);
    const lock = await show(folder + lockFileName(loaded.contract)).catch(() => undefined);
    if (lock !== undefined) attachLockText(loaded.contract, lock);
    return loaded;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr === undefined) throw error;
    throw new Error(`${name} cannot be read from git: ${stderr.trim()}`, { cause: error });
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
