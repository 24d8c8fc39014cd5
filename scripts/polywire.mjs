/**
 * Runs the command from its source, as `npm start` and `npm run polywire` do. Plain JavaScript, so
 * that the cache of compiled code is on before the first TypeScript file: then neither the
 * compiler nor the type stripper is loaded at a second start.
 */
import module from 'node:module';

module.enableCompileCache();
await import('../src/cli/main.ts');
