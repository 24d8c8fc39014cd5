#!/usr/bin/env node
/**
 * The `polywire` command. What is imported here is on the way of every start: compiled code is
 * cached between runs, and each command's own code is loaded when it is asked for.
 */
import module from 'node:module';

/** The oldest Node.js that runs this: it strips types and requires ES modules. */
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `polywire needs Node.js ${OLDEST_NODE} or newer; this is ${process.version} (${process.execPath}).\n`,
  );
  process.exit(1);
}

// Next to other caches of the user; NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE win.
module.enableCompileCache(process.env.POLYWIRE_CACHE || undefined);

// A reader that has had enough (`polywire subscribe | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const { run } = await import('./program.ts');
const exitCode = await run(process.argv.slice(2));
// What an application left open (a timer, a watcher) must not keep a stopped process alive.
process.stdout.write('', () => process.exit(exitCode));
