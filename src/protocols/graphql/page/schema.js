/** The schema beside the editor: types and fields by their names, with what is said about them. */

const TYPE =
  'kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }';
const INPUT = `name description defaultValue isDeprecated type { ${TYPE} }`;

export const SCHEMA_QUERY = `query Schema {
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types {
      kind name description
      fields(includeDeprecated: true) {
        name description isDeprecated deprecationReason
        args { ${INPUT} }
        type { ${TYPE} }
      }
      inputFields { ${INPUT} }
      enumValues(includeDeprecated: true) { name description }
      possibleTypes { name }
    }
  }
}`;

export function typeText(type) {
  if (type === null || type === undefined) return '';
  if (type.kind === 'NON_NULL') return `${typeText(type.ofType)}!`;
  if (type.kind === 'LIST') return `[${typeText(type.ofType)}]`;
  return type.name;
}

export function namedType(type) {
  let current = type;
  while (current?.ofType) current = current.ofType;
  return current?.name;
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export class SchemaBrowser {
  #place;
  #types = new Map();
  #roots = [];
  #insert;

  /** @param insert called with the text of a field that was chosen */
  constructor(place, insert) {
    this.#place = place;
    this.#insert = insert;
  }

  get roots() {
    return this.#roots;
  }

  type(name) {
    return this.#types.get(name);
  }

  load(schema) {
    for (const type of schema.types) this.#types.set(type.name, type);
    this.#roots = [schema.queryType, schema.mutationType, schema.subscriptionType]
      .filter(Boolean)
      .map(({ name }) => name);
    this.showRoots();
  }

  showRoots() {
    this.#place.replaceChildren(...this.#roots.map((name) => this.#view(this.#types.get(name))));
  }

  show(name) {
    const type = this.#types.get(name);
    if (type === undefined) return;
    const back = element('button', {
      type: 'button',
      textContent: '← all',
      onclick: () => this.showRoots(),
    });
    this.#place.replaceChildren(back, this.#view(type));
    this.#place.scrollTop = 0;
  }

  search(text) {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') {
      this.showRoots();
      return;
    }
    const found = [];
    for (const type of this.#types.values()) {
      if (type.name.startsWith('__')) continue;
      if (type.name.toLowerCase().includes(wanted)) found.push(this.#typeButton(type.name));
      for (const field of type.fields ?? []) {
        if (!field.name.toLowerCase().includes(wanted)) continue;
        found.push(element('span', {}, this.#typeButton(type.name), `.${field.name}`));
      }
    }
    const list = element('ul', {}, ...found.slice(0, 100).map((one) => element('li', {}, one)));
    this.#place.replaceChildren(
      found.length > 0 ? list : element('p', { textContent: 'Nothing found.' }),
    );
  }

  #typeButton(name, text = name) {
    return element('button', {
      type: 'button',
      className: 'type',
      textContent: text,
      onclick: () => this.show(name),
    });
  }

  #view(type) {
    const items = [
      ...(type.fields ?? []).map((field) => this.#field(field, this.#roots.includes(type.name))),
      ...(type.inputFields ?? []).map((field) => this.#input(field)),
      ...(type.enumValues ?? []).map(({ name, description }) =>
        element('li', {}, name, this.#text(description)),
      ),
      ...(type.possibleTypes ?? []).map(({ name }) => element('li', {}, this.#typeButton(name))),
    ];
    return element(
      'section',
      {},
      element('h2', { textContent: type.name }),
      this.#text(type.description),
      element('ul', {}, ...items),
    );
  }

  #text(description) {
    return description ? element('p', { textContent: description }) : undefined;
  }

  #input(field) {
    const item = element(
      'li',
      {},
      `${field.name}: `,
      this.#typeButton(namedType(field.type), typeText(field.type)),
    );
    if (field.defaultValue) item.append(` = ${field.defaultValue}`);
    if (field.description) item.append(this.#text(field.description));
    return item;
  }

  #field(field, isRoot) {
    const name = element('button', {
      type: 'button',
      textContent: field.name,
      title: isRoot ? 'Write it into the document' : '',
      className: field.isDeprecated ? 'deprecated' : '',
      onclick: () => isRoot && this.#insert(this.example(field)),
    });
    const item = element(
      'li',
      {},
      name,
      ': ',
      this.#typeButton(namedType(field.type), typeText(field.type)),
    );
    const description = [field.description, field.deprecationReason].filter(Boolean).join('\n');
    if (description) item.append(this.#text(description));
    if (field.args.length > 0)
      item.append(element('ul', {}, ...field.args.map((one) => this.#input(one))));
    return item;
  }

  /** A field of a root type as text, with the arguments it needs and its plain fields. */
  example(field) {
    const needed = field.args.filter(
      ({ type, defaultValue }) => type.kind === 'NON_NULL' && !defaultValue,
    );
    const values = needed.map(({ name, type }) => `${name}: ${this.#value(type, 0)}`).join(', ');
    return `${field.name}${values === '' ? '' : `(${values})`}${this.#selection(namedType(field.type), 0)}`;
  }

  #value(type, depth) {
    if (type.kind === 'NON_NULL') return this.#value(type.ofType, depth);
    if (type.kind === 'LIST') return '[]';
    const full = this.#types.get(type.name);
    if (type.kind === 'ENUM') return full.enumValues[0]?.name ?? 'null';
    if (type.kind === 'INPUT_OBJECT' && depth < 4) {
      const needed = full.inputFields.filter(
        (one) => one.type.kind === 'NON_NULL' && !one.defaultValue,
      );
      return `{${needed.map((one) => `${one.name}: ${this.#value(one.type, depth + 1)}`).join(', ')}}`;
    }
    return { Int: '1', Long: '1', Float: '1.5', Boolean: 'true', JSON: '{}' }[type.name] ?? '""';
  }

  #selection(name, depth) {
    const type = this.#types.get(name);
    if (type?.kind === 'UNION') return ' { __typename }';
    if (!type?.fields) return '';
    const plain = type.fields.filter((field) => {
      const inner = this.#types.get(namedType(field.type));
      return !field.isDeprecated && (inner?.fields ? depth < 1 : inner?.kind !== 'UNION');
    });
    const parts = plain.map(
      (field) => field.name + this.#selection(namedType(field.type), depth + 1),
    );
    return parts.length === 0 ? ' { __typename }' : ` { ${parts.join(' ')} }`;
  }
}
