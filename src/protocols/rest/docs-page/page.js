// Shows /openapi.json and lets its operations be tried. Text from the document is only ever set as
// text, never as markup.

/** An element with attributes and children; strings become text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

let api;
const shown = [];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function resolve(part) {
  if (typeof part?.$ref !== 'string') return part;
  let found = api;
  for (const step of part.$ref.slice(2).split('/')) {
    found = found?.[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return found;
}

/** A schema in a short form for people, such as `{ id: integer, name?: string }`. */
function shortForm(schema, depth = 0) {
  if (schema === true || schema === undefined) return 'any';
  if (schema === false) return 'nothing';
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').pop();
    return depth > 0 ? name : `${name} ${shortForm(resolve(schema), 1)}`;
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return choices.map((one) => shortForm(one, depth + 1)).join(' | ');
  if (Array.isArray(schema.allOf)) {
    return schema.allOf.map((one) => shortForm(one, depth + 1)).join(' & ');
  }
  if (schema.type === 'array') return `${shortForm(schema.items, depth + 1)}[]`;
  if (schema.properties !== undefined) return objectForm(schema, depth);
  if (schema.type === 'object') return 'object';
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any');
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}

function objectForm(schema, depth) {
  const required = new Set(schema.required ?? []);
  const indent = '  '.repeat(depth + 1);
  const lines = Object.entries(schema.properties).map(([name, member]) => {
    const doc = resolve(member)?.description;
    const form = shortForm(member, depth + 1);
    const mark = required.has(name) ? '' : '?';
    return `${indent}${name}${mark}: ${form}${doc ? `   // ${doc.split('\n')[0]}` : ''}`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

/** A value to begin with, made from a schema. */
function sample(schema, depth = 0) {
  const part = resolve(schema) ?? {};
  if (part === true || depth > 5) return {};
  if (part.examples?.length > 0) return part.examples[0];
  if ('default' in part) return part.default;
  if ('const' in part) return part.const;
  if (part.enum) return part.enum[0];
  const choice = part.anyOf?.[0] ?? part.oneOf?.[0];
  if (choice) return sample(choice, depth + 1);
  if (part.allOf) return Object.assign({}, ...part.allOf.map((one) => sample(one, depth + 1)));
  const type = Array.isArray(part.type) ? part.type[0] : part.type;
  if (type === 'string') return part.format === 'date-time' ? new Date().toISOString() : 'text';
  if (type === 'integer' || type === 'number') return part.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [sample(part.items ?? true, depth + 1)];
  const required = new Set(part.required ?? []);
  return Object.fromEntries(
    Object.entries(part.properties ?? {})
      .filter(([name]) => required.has(name))
      .map(([name, member]) => [name, sample(member, depth + 1)]),
  );
}

function contentOf(content) {
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  const schema = media?.schema;
  return { type, media, schema: schema?.['x-polywire-stream'] ? schema.items : schema };
}

function firstExample(media) {
  return media?.example ?? Object.values(media?.examples ?? {})[0]?.value;
}

function schemaView(title, schema, more) {
  if (schema === undefined) return undefined;
  return make('div', {}, make('h3', {}, title), make('pre', {}, shortForm(schema)), more);
}

function exampleView(media) {
  const example = firstExample(media);
  if (example === undefined) return undefined;
  const details = make('details', {}, make('summary', {}, 'Example'));
  details.append(make('pre', {}, JSON.stringify(example, null, 2)));
  return details;
}

function parametersView(parameters) {
  if (parameters.length === 0) return undefined;
  const table = make('table', {});
  for (const parameter of parameters) {
    const schema = parameter.schema ?? contentOf(parameter.content).schema;
    table.append(
      make(
        'tr',
        {},
        make('td', {}, make('code', { class: parameter.required && 'required' }, parameter.name)),
        make('td', { class: 'faint' }, parameter.in),
        make('td', {}, make('code', {}, shortForm(schema, 1))),
        make('td', { class: 'faint' }, parameter.description ?? ''),
      ),
    );
  }
  return make('div', {}, make('h3', {}, 'Parameters'), table);
}

function errorsView(responses) {
  const rows = Object.entries(responses).filter(([status]) => /^[45]/.test(status));
  if (rows.length === 0) return undefined;
  const table = make('table', {});
  for (const [status, response] of rows) {
    table.append(
      make(
        'tr',
        {},
        make('td', {}, make('code', {}, status)),
        make('td', { class: 'prose' }, resolve(response).description),
      ),
    );
  }
  return make('div', {}, make('h3', {}, 'Errors'), table);
}

/** The form that sends a request. */
function tryView(path, method, operation, parameters) {
  const form = make('form', {});
  const fields = parameters.map((parameter) => {
    const example = Object.values(parameter.examples ?? {})[0]?.value;
    const text = typeof example === 'object' ? JSON.stringify(example) : (example ?? '');
    const input = make('input', { value: text, required: parameter.in === 'path' });
    const label = make('span', { class: parameter.required && 'required' }, parameter.name);
    form.append(make('label', { class: 'field' }, label, input));
    return { parameter, input };
  });
  const body = contentOf(operation.requestBody?.content);
  let area;
  if (body.type !== undefined) {
    const value = firstExample(body.media) ?? sample(body.schema ?? true);
    const lines = body.type === 'application/x-ndjson';
    area = make('textarea', { 'aria-label': 'Body', spellcheck: 'false' });
    area.value = lines ? `${JSON.stringify(value)}\n` : JSON.stringify(value, null, 2);
    form.append(area);
  }
  const stop = make('button', { type: 'button', class: 'plain', hidden: true }, 'Stop');
  const send = make('button', { type: 'submit' }, 'Send');
  const state = make('span', { class: 'faint' });
  const output = make('pre', { hidden: true, 'aria-live': 'polite' });
  form.append(make('div', { class: 'row' }, send, stop, state), output);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const request = requestOf(path, method, fields, body.type, area?.value);
    void run(request, { stop, send, state, output });
  });
  return make('div', {}, make('h3', {}, 'Try it'), form);
}

/** The header for the token that was typed in; never stored. */
function credentials() {
  const token = document.getElementById('token').value;
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

function requestOf(path, method, fields, type, body) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const { parameter, input } of fields) {
    const text = input.value;
    if (parameter.in === 'path') {
      target = target.replace(`{${parameter.name}}`, encodeURIComponent(text));
    } else if (text === '') continue;
    else if (parameter.in === 'header') headers[parameter.name] = text;
    else addQuery(query, parameter, text);
  }
  Object.assign(headers, credentials());
  if (type !== undefined) headers['content-type'] = type;
  const search = query.size === 0 ? '' : `?${query}`;
  return { url: target + search, init: { method: method.toUpperCase(), headers, body } };
}

function addQuery(query, parameter, text) {
  const list = shortForm(parameter.schema, 1).endsWith('[]');
  if (!list) query.append(parameter.name, text);
  else for (const item of text.split(',')) query.append(parameter.name, item.trim());
}

const LONGEST_OUTPUT = 200_000;

async function run({ url, init }, { stop, send, state, output }) {
  const controller = new AbortController();
  const halt = () => controller.abort();
  stop.addEventListener('click', halt);
  stop.hidden = false;
  send.disabled = true;
  output.hidden = false;
  output.className = '';
  output.textContent = '';
  state.textContent = `${init.method} ${url}`;
  const begun = performance.now();
  try {
    const response = await fetch(url, { ...init, signal: controller.signal });
    const took = Math.round(performance.now() - begun);
    state.textContent = `${response.status} ${response.statusText}, ${took} ms`;
    if (!response.ok) output.className = 'wrong';
    await show(response, output);
  } catch (error) {
    if (!controller.signal.aborted) {
      output.className = 'wrong';
      output.textContent += String(error);
    }
  }
  stop.removeEventListener('click', halt);
  stop.hidden = true;
  send.disabled = false;
}

async function show(response, output) {
  const type = response.headers.get('content-type') ?? '';
  if (!/event-stream|ndjson/.test(type)) {
    const text = await response.text();
    output.textContent = /json/.test(type) ? pretty(text) : text || '(no content)';
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    output.textContent = (output.textContent + value).slice(-LONGEST_OUTPUT);
    output.scrollTop = output.scrollHeight;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Shown as it came.
    return text;
  }
}

function operationView(path, method, operation) {
  const name = operation['x-polywire-operation'] ?? operation['x-polywire-event'];
  const parameters = (operation.parameters ?? []).map(resolve);
  const body = contentOf(operation.requestBody?.content);
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  const answer = contentOf(resolve(success?.[1])?.content);
  const kind = operation['x-polywire-kind'] ?? 'command';
  const view = make(
    'article',
    { id: name, class: operation.deprecated && 'deprecated' },
    make(
      'div',
      { class: 'head' },
      make('span', { class: `method ${kind}` }, method.toUpperCase()),
      make('code', {}, path),
      make('a', { class: 'name', href: `#${encodeURIComponent(name)}` }, name),
    ),
    make(
      'div',
      { class: 'body' },
      make('p', { class: 'prose' }, operation.description ?? operation.summary ?? ''),
      parametersView(parameters),
      schemaView(
        body.type === undefined ? '' : `Body (${body.type})`,
        body.schema,
        exampleView(body.media),
      ),
      schemaView(
        answer.type === undefined ? '' : `Answer (${answer.type})`,
        answer.schema,
        exampleView(answer.media),
      ),
      errorsView(operation.responses),
      tryView(path, method, operation, parameters),
    ),
  );
  shown.push({ name, view, text: `${name} ${path} ${operation.summary ?? ''}`.toLowerCase() });
  return view;
}

function list(tag, operations, main, contents) {
  const links = make('ul', {});
  const title = make('h2', {}, tag.name);
  main.append(title);
  if (tag.description) main.append(make('p', { class: 'prose' }, tag.description));
  contents.append(make('h2', {}, tag.name), links);
  for (const { path, method, operation } of operations) {
    const view = operationView(path, method, operation);
    main.append(view);
    const link = make('li', {}, make('a', { href: `#${encodeURIComponent(view.id)}` }, view.id));
    links.append(link);
    shown[shown.length - 1].link = link;
  }
}

function filter(text) {
  const wanted = text.trim().toLowerCase();
  for (const { view, link, text: own } of shown) {
    const hidden = wanted !== '' && !own.includes(wanted);
    view.hidden = hidden;
    link.hidden = hidden;
  }
}

let attempts = 0;

/** Gets the document and shows it; asks for a token first where the hub does. */
async function begin() {
  const main = document.getElementById('main');
  const attempt = ++attempts;
  try {
    const response = await fetch('/openapi.json', { headers: credentials() });
    if (attempt !== attempts) return;
    if (response.status === 401) {
      main.replaceChildren(make('p', {}, 'This hub asks for credentials: type in a bearer token.'));
      document.getElementById('token').focus();
      return;
    }
    if (!response.ok) throw new Error(`/openapi.json answered ${response.status}`);
    api = await response.json();
  } catch (error) {
    main.replaceChildren(make('p', { class: 'wrong' }, String(error)));
    return;
  }
  document.title = api.info.title;
  document.getElementById('title').textContent = api.info.title;
  document.getElementById('version').textContent = api.info.version;
  const contents = document.getElementById('contents');
  main.replaceChildren();
  if (api.info.description) main.append(make('p', { class: 'prose' }, api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      path,
      method,
      operation: item[method],
    })),
  );
  for (const tag of api.tags) {
    const own = operations.filter(({ operation }) => operation.tags?.includes(tag.name));
    list(tag, own, main, contents);
  }
  document.getElementById('filter').addEventListener('input', (event) => {
    filter(event.target.value);
  });
  if (location.hash !== '') {
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }
}

document.getElementById('token').addEventListener('change', () => {
  if (api === undefined) void begin();
});
void begin();
