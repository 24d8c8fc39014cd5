/**
 * Serves browser.html, as your own web server would. A hub lets pages of other origins in only
 * when it is told to:
 *
 *     POLYWIRE_HTTP_CORS_ALLOWED_ORIGINS=http://localhost:8000 npm start
 *     node examples/clients/serve-page.ts
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const page = await readFile(new URL('browser.html', import.meta.url));

createServer((_, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
}).listen(8000, 'localhost', () => console.log('open http://localhost:8000'));
