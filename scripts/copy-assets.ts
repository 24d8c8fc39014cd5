/** Puts what the compiler leaves out (pages, scripts and styles that are served as they are) beside
 * the compiled code in dist/. */
import { cpSync } from 'node:fs';
import path from 'node:path';

const ASSETS = new Set(['.html', '.css', '.js', '.json', '.svg']);

cpSync('src', 'dist', {
  recursive: true,
  filter: (source) => {
    const extension = path.extname(source);
    return extension === '' || ASSETS.has(extension);
  },
});
