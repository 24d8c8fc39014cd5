// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import type { JsonSchemaObject } from '../model/schema.ts';
import { type Flag, layer } from './layers.ts';
import { redact } from './redact.ts';
import { readYaml, YAML_LIMITS } from './yaml-file.ts';

const schema = Type.Object(
  {
    applications: Type.Array(Type.String({ format: 'path' }), { default: [] }),
    listen: Type.Object(
      {
        host: Type.String({ default: '127.0.0.1' }),
        port: Type.Integer({ default: 7070, minimum: 0, maximum: 65_535 }),
        insecure: Type.Boolean({ default: false }),
        names: Type.Array(Type.String(), { default: [] }),
      },
      { additionalProperties: false, default: {} },
    ),
    log: Type.Object(
      { level: Type.Enum(['debug', 'info', 'warn'], { default: 'info' }) },
      { additionalProperties: false },
    ),
    auth: Type.Object(
      {
        tokens: Type.Array(
          Type.Object(
            {
              id: Type.String(),
              token: Type.String({ writeOnly: true, minLength: 16 }),
            },
            { additionalProperties: false },
          ),
          { default: [] },
        ),
      },
      { additionalProperties: false },
    ),
    maxBodyBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    labels: Type.Record(Type.String(), Type.Integer(), { default: {} }),
  },
  { additionalProperties: false },
) as unknown as JsonSchemaObject;

interface Given {
  readonly yaml?: string;
  readonly environment?: Record<string, string>;
  readonly flags?: readonly Flag[];
}

function load(given: Given) {
  const environment = given.environment ?? {};
  return layer({
    schema,
    yaml:
      given.yaml === undefined
        ? undefined
        : {
            content: readYaml(given.yaml, 'polywire.yaml', environment),
            path: '/srv/polywire.yaml',
          },
    environment,
    flags: given.flags ?? [],
    directory: '/home/person',
    otherVariables: new Set(['POLYWIRE_URL']),
  });
}

function told(yaml: string, environment: Record<string, string> = {}): string[] {
  return load({ yaml, environment }).mistakes.map(({ where, message }) => `${where}: ${message}`);
}

const MISTAKES: readonly (readonly [name: string, yaml: string, ...expected: string[]])[] = [
  [
    'an unknown option near a known one',
    'listen:\n  prot: 1\n',
    'polywire.yaml:2:3: "prot" is no option here; did you mean "port"?',
  ],
  [
    'an unknown option far from all',
    'zebra: 1\n',
    'polywire.yaml:1:1: "zebra" is no option here; known here: applications, listen, log, auth, maxBodyBytes, labels',
  ],
  [
    'another spelling of an option',
    'max_body_bytes: 1\n',
    'polywire.yaml:1:1: "max_body_bytes" is no option here; did you mean "maxBodyBytes"?',
  ],
  [
    'a number out of range',
    'listen:\n  port: 70000\n',
    'polywire.yaml:2:9: listen.port is 70000, expected a whole number from 0 to 65535',
  ],
  [
    'a text for a number',
    'listen: { port: "80" }\n',
    'polywire.yaml:1:17: listen.port is "80", expected a whole number from 0 to 65535',
  ],
  [
    'a value outside an enumeration',
    'log:\n  level: inof\n',
    'polywire.yaml:2:10: log.level is "inof", expected one of debug, info, warn; did you mean "info"?',
  ],
  [
    'a number for a text',
    'listen:\n  host: 1\n',
    'polywire.yaml:2:9: listen.host is 1, expected a text (put it in quotes)',
  ],
  [
    'a list for a section',
    'listen:\n  - port: 1\n',
    'polywire.yaml:2:3: listen is a list, expected a section (indented "name: value" lines)',
  ],
  [
    'an empty value',
    'listen:\n  port:\n',
    'polywire.yaml:2:8: listen.port is empty, expected a whole number from 0 to 65535',
  ],
  [
    'a missing member of a list entry',
    'auth:\n  tokens:\n    - token: 0123456789abcdef\n',
    'polywire.yaml:3:7: auth.tokens.0 "id" is missing, expected a text',
  ],
  [
    'a secret that is no text, without showing it',
    'auth:\n  tokens:\n    - { id: a, token: 1234567890123456 }\n',
    'polywire.yaml:3:23: auth.tokens.0.token is a number (not shown), expected a text (put it in quotes)',
  ],
  [
    'a secret that is too short',
    'auth:\n  tokens:\n    - { id: a, token: hunter2 }\n',
    'polywire.yaml:3:23: auth.tokens.0.token is too short (7 characters), expected at least 16',
  ],
  [
    'several at once',
    'listen:\n  port: -1\n  hots: x\nlog: { level: 3 }\n',
    'polywire.yaml:2:9: listen.port is -1, expected a whole number from 0 to 65535',
    'polywire.yaml:3:3: "hots" is no option here; did you mean "host"?',
    'polywire.yaml:4:15: log.level is 3, expected one of debug, info, warn',
  ],
  [
    'an entry of a record',
    'labels:\n  a: 1\n  b: x\n',
    'polywire.yaml:3:6: labels.b is "x", expected a whole number',
  ],
  [
    'a top level that is no section',
    '- a\n',
    'polywire.yaml:1:1: is a list, expected a section (indented "name: value" lines)',
  ],
  [
    'a variable that is not set',
    'listen:\n  host: ${NOWHERE}\n',
    'polywire.yaml:2:9: environment variable NOWHERE is not set; set it, or write ${NOWHERE:-default}',
  ],
  [
    'a substitution that is not understood',
    'listen:\n  host: "a ${B-C}"\n',
    'polywire.yaml:2:9: ${B-C} is not understood, expected ${NAME} or ${NAME:-default}',
  ],
];

for (const [name, yaml, ...expected] of MISTAKES) {
  test(`tells ${name} with its place`, () => {
    assert.deepEqual(told(yaml), expected);
  });
}

test('tells where YAML itself is broken', () => {
  const mistakes = told('listen:\n  port: 1\n  port: 2\n');
  assert.equal(mistakes.length, 1);
  assert.match(mistakes[0]!, /^polywire\.yaml:3:3: this is no valid YAML: Map keys must be unique/);
  assert.match(told('a: [1\n')[0]!, /^polywire\.yaml:2:1: this is no valid YAML/);
});

test('fills in defaults, also of sections that are empty or absent', () => {
  const expected = {
    applications: [],
    listen: { host: '127.0.0.1', port: 7070, insecure: false, names: [] },
    log: { level: 'info' },
    auth: { tokens: [] },
    labels: {},
  };
  assert.deepEqual(load({}).value, expected);
  assert.deepEqual(load({ yaml: '' }).value, expected);
  assert.deepEqual(load({ yaml: 'listen:\n  # port: 1\n' }).value, expected);
});

test('flags win over the environment, the environment over YAML', () => {
  const layered = load({
    yaml: 'listen: { port: 1, host: a, insecure: false }\n',
    environment: { POLYWIRE_LISTEN_PORT: '2', POLYWIRE_LISTEN_HOST: 'b' },
    flags: [{ path: ['listen', 'port'], value: 3, where: 'option --port' }],
  });
  assert.deepEqual(layered.mistakes, []);
  assert.deepEqual((layered.value as { listen: object }).listen, {
    host: 'b',
    port: 3,
    insecure: false,
    names: [],
  });
});

test('an environment variable takes the type of its option', () => {
  const { value, mistakes } = load({
    environment: {
      POLYWIRE_LISTEN_PORT: '81',
      POLYWIRE_LISTEN_INSECURE: 'true',
      POLYWIRE_LISTEN_NAMES: 'a, b',
      POLYWIRE_LABELS: '{"x": 1}',
      POLYWIRE_MAX_BODY_BYTES: '5',
    },
  });
  assert.deepEqual(mistakes, []);
  assert.deepEqual(value, {
    applications: [],
    listen: { host: '127.0.0.1', port: 81, insecure: true, names: ['a', 'b'] },
    log: { level: 'info' },
    auth: { tokens: [] },
    maxBodyBytes: 5,
    labels: { x: 1 },
  });
});

test('a mistake in the environment or on the command line is told with its source', () => {
  const { mistakes } = load({
    yaml: 'listen:\n  port: 1\n',
    environment: { POLYWIRE_LISTEN_PORT: 'many' },
    flags: [{ path: ['log', 'level'], value: 'loud', where: 'option --log-level' }],
  });
  assert.deepEqual(
    mistakes.map(({ where, message }) => `${where}: ${message}`),
    [
      'environment variable POLYWIRE_LISTEN_PORT: listen.port is "many", expected a whole number from 0 to 65535',
      'option --log-level: log.level is "loud", expected one of debug, info, warn',
    ],
  );
});

test('a POLYWIRE_ variable that is no option is told, one of the client commands is not', () => {
  const { warnings } = load({ environment: { POLYWIRE_LISTEN_PROT: '1', POLYWIRE_URL: 'x' } });
  assert.deepEqual(warnings, [
    'environment variable POLYWIRE_LISTEN_PROT is no option; did you mean "POLYWIRE_LISTEN_PORT"?',
  ]);
});

test('variables are put into values; quotes keep them text; $${ stands for itself', () => {
  const environment = { PORT: '82', HOST: '10.0.0.1' };
  const { value, mistakes } = load({
    yaml: 'listen: { port: "${PORT}", host: "${HOST}" }\n',
    environment,
  });
  assert.equal(mistakes.length, 1);
  assert.match(mistakes[0]!.message, /listen\.port is "82", expected a whole number/);
  assert.deepEqual((value as { listen: { host: string } }).listen.host, '10.0.0.1');
  const plain = load({
    yaml: 'listen:\n  port: ${PORT}\n  host: x${HOST}${EMPTY:-}$${HOST}\n  insecure: ${NO:-true}\n',
    environment,
  });
  assert.deepEqual(plain.mistakes, []);
  assert.deepEqual((plain.value as { listen: object }).listen, {
    host: 'x10.0.0.1${HOST}',
    port: 82,
    insecure: true,
    names: [],
  });
});

test('relative paths start at the file that names them, or at the working folder', () => {
  const yaml = 'applications: [a.ts, /b.ts]\n';
  assert.deepEqual((load({ yaml }).value as { applications: unknown }).applications, [
    '/srv/a.ts',
    '/b.ts',
  ]);
  const { value } = load({ yaml, environment: { POLYWIRE_APPLICATIONS: 'c.ts' } });
  assert.deepEqual((value as { applications: unknown }).applications, ['/home/person/c.ts']);
});

test('an alias bomb and deep nesting are refused', () => {
  const bomb = [
    'a: &a [1,2,3,4,5,6,7,8,9]',
    ...'bcdefgh'.split('').map((name, index) => {
      const earlier = `*${'abcdefgh'[index]}`;
      return `${name}: &${name} [${Array(9).fill(earlier).join(',')}]`;
    }),
  ].join('\n');
  const { mistakes } = readYaml(bomb, 'bomb.yaml', {});
  assert.equal(mistakes.length, 1);
  assert.match(mistakes[0]!.message, /more than 20000 values once its aliases are followed/);
  const deep = readYaml('['.repeat(100) + ']'.repeat(100), 'deep.yaml', {}, YAML_LIMITS);
  assert.match(deep.mistakes[0]!.message, /nested deeper than 32/);
});

test('a section named __proto__ changes nothing', () => {
  assert.match(
    told('__proto__: { polluted: 1 }\n')[0]!,
    /polywire\.yaml:1:1: "__proto__" is no option/,
  );
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('secrets are not shown', () => {
  const { value } = load({ yaml: 'auth: { tokens: [{ id: a, token: 0123456789abcdef }] }\n' });
  assert.deepEqual((redact(schema, value) as { auth: unknown }).auth, {
    tokens: [{ id: 'a', token: '***' }],
  });
});
