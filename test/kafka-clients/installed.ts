/**
 * The clients and the broker that the scenarios run, made once in `.cache/kafka-clients/` by the
 * ordinary tools of each language. Every function answers where its thing is, or throws `Missing`
 * with the reason, which a step prints when it is left out.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '../../.cache/kafka-clients');

/** A client or broker cannot be had on this machine. */
export class Missing extends Error {}

export type JarSet = 'broker' | 'clients-3';

/** The class path of Apache Kafka's broker with tools and newest client, or of the 3.x client. */
export function jars(set: JarSet): string {
  const folder = made(`${set}-jars`, join(HERE, 'maven', set, 'pom.xml'), (target) =>
    run('mvn', [
      '-q',
      '-B',
      '-f',
      join(HERE, 'maven', set, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${target}`,
    ]),
  );
  return join(folder, '*');
}

/** Class path of the Java scenarios, compiled against one set of jars. */
export function javaScenarios(set: JarSet): string {
  const sources = join(HERE, 'java');
  const files = readdirSync(sources).map((name) => join(sources, name));
  const libraries = jars(set);
  const classes = made(`${set}-classes`, newest(files), (target) =>
    run('javac', ['-nowarn', '-proc:none', '-cp', libraries, '-d', target, ...files]),
  );
  return `${classes}${delimiter}${libraries}`;
}

/** A Python with the packages of `python/requirements.txt`. */
export function python(): string {
  const requirements = join(HERE, 'python/requirements.txt');
  const folder = made('python', requirements, (target) => {
    run('python3', ['-m', 'venv', target]);
    run(join(target, 'bin/python'), ['-m', 'pip', 'install', '-q', '-r', requirements]);
  });
  return join(folder, 'bin/python');
}

/** The program of the folder `go`, built. */
export function goProgram(): string {
  const sources = join(HERE, 'go');
  const files = readdirSync(sources).map((name) => join(sources, name));
  const folder = made('go', newest(files), (target) =>
    run('go', ['build', '-o', join(target, 'scenarios'), '.'], sources),
  );
  return join(folder, 'scenarios');
}

/** kcat, from the machine. */
export function kcat(): string {
  return run('which', ['kcat']).trim();
}

function newest(files: readonly string[]): string {
  return files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]!;
}

/** Makes a folder of the cache unless it was finished after what it is made from last changed. */
function made(name: string, from: string, make: (target: string) => void): string {
  const folder = join(CACHE, name);
  const finished = join(CACHE, `${name}.finished`);
  if (existsSync(finished) && statSync(finished).mtimeMs >= statSync(from).mtimeMs) return folder;
  rmSync(finished, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(finished, '');
  return folder;
}

function run(command: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', cwd, timeout: 400_000, stdio: 'pipe' });
  } catch (error) {
    throw missing(command, args, error as NodeJS.ErrnoException & { stderr?: string });
  }
}

const UNREACHABLE =
  /Could not transfer artifact|Could not resolve|Unknown host|No matching distribution|connection|dial tcp|lookup /i;

function missing(
  command: string,
  args: readonly string[],
  error: NodeJS.ErrnoException & { stderr?: string; stdout?: string },
): Error {
  if (error.code === 'ENOENT') return new Missing(`${command} is not installed`);
  const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
  if (command === 'which') return new Missing(`${args.join(' ')} is not installed`);
  const last = said.split('\n').slice(-6).join('\n');
  if (UNREACHABLE.test(said))
    return new Missing(`${command} reaches no package registry:\n${last}`);
  return new Error(`${command} ${args.join(' ')} failed:\n${last}`);
}
