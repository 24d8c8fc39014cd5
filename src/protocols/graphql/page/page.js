import { namedType, SCHEMA_QUERY, SchemaBrowser } from './schema.js';

/** The page to write and try queries: an editor, the answer, and the schema. */

const endpoint = document.body.dataset.endpoint;
const find = (id) => document.getElementById(id);
const [query, variables, result, state, run, stop, token, operation, proposals] = [
  'query',
  'variables',
  'result',
  'state',
  'run',
  'stop',
  'token',
  'operation',
  'proposals',
].map(find);

const browser = new SchemaBrowser(find('schema'), insertField);
let running;

const KEPT = 'polywire.graphql.document';
try {
  query.value = sessionStorage.getItem(KEPT) ?? '';
} catch {
  // Storage may be forbidden; then nothing is kept.
}

function operations() {
  const text = query.value.replace(/#.*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"/g, '');
  return [...text.matchAll(/\b(query|mutation|subscription)\s+([_A-Za-z]\w*)/g)].map(
    ([, kind, name]) => ({ kind, name }),
  );
}

function isSubscription() {
  const chosen = operations().find(({ name }) => name === operation.value);
  if (chosen) return chosen.kind === 'subscription';
  return /(^|\})\s*subscription\b/.test(query.value.replace(/#.*/g, ''));
}

function refreshOperations() {
  const names = operations().map(({ name }) => name);
  const before = operation.value;
  operation.replaceChildren(...names.map((name) => new Option(name)));
  operation.hidden = operation.disabled = names.length < 2;
  if (names.includes(before)) operation.value = before;
}

function headers(accept) {
  const all = { 'content-type': 'application/json', accept };
  if (token.value !== '') all.authorization = `Bearer ${token.value}`;
  return all;
}

function body() {
  const text = variables.value.trim();
  const request = { query: query.value };
  if (text !== '') request.variables = JSON.parse(text);
  if (operations().length > 1) request.operationName = operation.value;
  return JSON.stringify(request);
}

async function execute() {
  running?.abort();
  const abort = new AbortController();
  running = abort;
  const started = performance.now();
  result.textContent = '';
  stop.disabled = false;
  try {
    const streams = isSubscription();
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: headers(
        streams ? 'text/event-stream' : 'application/graphql-response+json, application/json',
      ),
      body: body(),
      signal: abort.signal,
    });
    if (streams && response.ok) await readEvents(response);
    else {
      const text = await response.text();
      result.textContent = pretty(text);
      state.textContent = `${response.status} in ${Math.round(performance.now() - started)} ms, ${text.length} characters`;
    }
  } catch (error) {
    state.textContent = abort.signal.aborted ? 'Stopped.' : String(error.message ?? error);
  } finally {
    if (running === abort) stop.disabled = true;
  }
}

const MAX_SHOWN = 200_000;

async function readEvents(response) {
  let text = '';
  let count = 0;
  state.textContent = 'Waiting for events…';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      count++;
      result.textContent = `${pretty(data)}\n\n${result.textContent}`.slice(0, MAX_SHOWN);
      state.textContent = `${count} received, the newest first`;
    }
  }
  state.textContent = `${count} received; the stream has ended.`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function insertField(text) {
  const root = browser.roots.find((name) =>
    browser.type(name).fields.some((field) => text.startsWith(field.name)),
  );
  const kind = { Mutation: 'mutation ', Subscription: 'subscription ' }[root] ?? '';
  query.value = `${kind}{\n  ${text}\n}\n`;
  refreshOperations();
  query.focus();
}

/** Proposes fields for the word at the cursor: those of the type that the braces around lead to. */
function propose() {
  const before = query.value.slice(0, query.selectionStart);
  const word = /\w*$/.exec(before)[0];
  const type = typeAt(before.slice(0, before.length - word.length));
  const names = (type?.fields ?? []).map(({ name }) => name);
  const found = word === '' ? [] : names.filter((name) => name.startsWith(word) && name !== word);
  proposals.hidden = found.length === 0;
  proposals.replaceChildren(
    ...found.slice(0, 12).map((name) => {
      const button = Object.assign(document.createElement('button'), {
        type: 'button',
        textContent: name,
      });
      button.onclick = () => complete(word, name);
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
}

function complete(word, name) {
  query.setRangeText(name.slice(word.length), query.selectionStart, query.selectionStart, 'end');
  proposals.hidden = true;
  query.focus();
}

function typeAt(text) {
  const plain = text
    .replace(/#.*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"/g, '')
    .replace(/\([^()]*\)/g, '');
  const path = [];
  let last;
  for (const [token] of plain.matchAll(/\.\.\.\s*on\s+\w+|\w+|[{}]/g)) {
    if (token === '}') path.pop();
    else if (token === '{') path.push(last ?? 'query');
    else last = token;
  }
  let type;
  for (const step of path) {
    const on = /on\s+(\w+)$/.exec(step)?.[1];
    const field = type?.fields?.find(({ name }) => name === step);
    if (on) type = browser.type(on);
    else if (field) type = browser.type(namedType(field.type));
    else if (type === undefined) type = rootType(plain);
  }
  return type;
}

function rootType(text) {
  const kind = /\b(mutation|subscription)\b(?![\s\S]*\b(?:query|mutation|subscription)\b)/.exec(
    text,
  )?.[1];
  return browser.type(
    kind === 'mutation' ? 'Mutation' : kind === 'subscription' ? 'Subscription' : 'Query',
  );
}

async function loadSchema() {
  const place = find('schema');
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: headers('application/json'),
      body: JSON.stringify({ query: SCHEMA_QUERY }),
    });
    const { data, errors } = await response.json();
    if (data?.__schema) browser.load(data.__schema);
    else place.textContent = errors?.[0]?.message ?? 'There is no schema to show.';
  } catch (error) {
    place.textContent = String(error.message ?? error);
  }
  if (query.value.trim() === '') {
    const field = browser
      .type('Query')
      ?.fields.find(({ args }) => args.every(({ type }) => type.kind !== 'NON_NULL'));
    query.value = field ? `{\n  ${browser.example(field)}\n}\n` : '{\n  __typename\n}\n';
  }
  refreshOperations();
}

run.onclick = execute;
stop.onclick = () => running?.abort();
token.onchange = loadSchema;
find('search').oninput = (event) => browser.search(event.target.value);
query.oninput = () => {
  refreshOperations();
  propose();
  try {
    sessionStorage.setItem(KEPT, query.value);
  } catch {
    // See above.
  }
};
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') proposals.hidden = true;
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  execute();
});
loadSchema();
