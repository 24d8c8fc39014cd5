import module from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This program's own code: changes to it are not watched. */
const OWN = dirname(dirname(fileURLToPath(import.meta.url)));

/** Remembers every file that is imported from now on, dependencies and this program left out. */
export function followModules(): { files(): string[] } {
  const files = new Set<string>();
  module.registerHooks({
    load(url, context, nextLoad) {
      if (url.startsWith('file:') && !url.includes('/node_modules/')) {
        const path = fileURLToPath(url);
        if (!path.startsWith(`${OWN}/`)) files.add(path);
      }
      return nextLoad(url, context);
    },
  });
  return { files: () => [...files] };
}
