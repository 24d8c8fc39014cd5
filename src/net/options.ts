import type { Static, TSchema } from 'typebox';
import { Type } from '../hub/option-type.ts';
import { completeOptions } from '../hub/option-value.ts';
import { http2Options } from './http2/options.ts';

const path = (description: string) => Type.String({ format: 'path', minLength: 1, description });

function count(value: number, description: string, minimum = 1) {
  return Type.Integer({ default: value, minimum, description });
}

function section<T extends Record<string, TSchema>>(description: string, properties: T) {
  return Type.Object(properties, { default: {}, additionalProperties: false, description });
}

const port = (value: number) =>
  Type.Integer({
    default: value,
    minimum: 0,
    maximum: 65_535,
    description: 'TCP port; 0 lets the operating system choose a free one.',
  });

const listen = section('Where connections are taken.', {
  host: Type.String({
    default: '127.0.0.1',
    description:
      'Address to bind. Anything wider than loopback needs authentication, or insecure: true.',
  }),
  port: port(7070),
  unix: Type.Optional(
    path('Path of a Unix socket to open as well; only the owner may connect (mode 0600).'),
  ),
  also: Type.Array(
    Type.Object(
      {
        host: Type.String({ default: '127.0.0.1', description: 'Address to bind.' }),
        port: port(0),
      },
      { additionalProperties: false },
    ),
    { default: [], description: 'More addresses; each takes every protocol too.' },
  ),
  standardPorts: Type.Boolean({
    default: false,
    description:
      'Open the standard port of every enabled protocol that has one (Kafka: 9092) too, on the same host; each takes every protocol.',
  }),
  hostNames: Type.Array(Type.String(), {
    default: [],
    description:
      'Host names, beside localhost, by which HTTP clients may reach a hub that is bound to loopback.',
  }),
  insecure: Type.Boolean({
    default: false,
    description: 'Bind wider than loopback although no authentication is configured.',
  }),
});

const tls = section('TLS from PEM files; read again when they change.', {
  cert: Type.Optional(path('File with the certificate chain.')),
  key: Type.Optional(path('File with the private key.')),
  ca: Type.Optional(path('File with the authorities whose client certificates are accepted.')),
  requireClientCertificate: Type.Boolean({
    default: true,
    description: 'Where ca is set: refuse clients without a certificate that it signed.',
  }),
  required: Type.Boolean({
    default: false,
    description: 'Refuse connections over TCP that do not use TLS.',
  }),
});

const limits = section('What one client, or all of them, may take.', {
  connections: count(10_000, 'Connections open at one time.'),
  connectionsPerAddress: count(1_000, 'Connections open at one time from one IP address.'),
  detectTimeMs: count(
    10_000,
    'Milliseconds for a new connection to show its protocol, TLS handshake included.',
  ),
  queuedBytes: count(
    1_048_576,
    'Bytes queued for a slow reader before its connection is not written to any more.',
  ),
  sendTimeMs: count(
    60_000,
    'Milliseconds a peer may take nothing of what waits for it before its connection (of HTTP/2: the response) is closed.',
  ),
  inFlight: count(100, 'Requests in progress at one time on one HTTP connection.'),
  bodyBytes: count(
    10_485_760,
    'Largest body of an HTTP request that is held in memory as a whole, whatever a protocol would take.',
  ),
});

const cors = section(
  'Which pages of other origins may call. Off while allowedOrigins is empty: browsers then reach the hub only from its own origin.',
  {
    allowedOrigins: Type.Array(Type.String(), {
      default: [],
      description: 'Origins such as https://app.example, or * for all (then without credentials).',
    }),
    allowedHeaders: Type.Array(Type.String(), {
      default: [],
      description: 'Request headers that pages may send; empty allows what they ask for.',
    }),
    exposedHeaders: Type.Array(Type.String(), {
      default: [],
      description: 'Response headers that pages may read beside the ordinary ones.',
    }),
    credentials: Type.Boolean({
      default: false,
      description: 'Allow cookies and HTTP authentication of the browser.',
    }),
    maxAgeSeconds: count(600, 'How long a browser may keep the answer to a preflight.', 0),
  },
);

const http = section('The HTTP servers.', {
  headerBytes: count(16_384, 'Largest head of a request, in bytes; also the largest trailer.', 256),
  targetBytes: count(8_192, 'Longest request target (path and query), in bytes.', 64),
  headers: count(100, 'Most header fields in a request.'),
  idleTimeMs: count(75_000, 'How long a connection stays open between two requests.'),
  headTimeMs: count(15_000, 'How long the head of a request may take to arrive.'),
  requestTimeMs: count(
    120_000,
    'How long a whole request (head and body) may take to arrive; for a body that is read as a stream, the longest pause between two pieces.',
  ),
  requestsPerConnection: count(
    0,
    'Requests on one HTTP/1.1 connection before it is closed; 0 for no limit.',
    0,
  ),
  discardBytes: count(
    262_144,
    'Bytes of a body nobody wants that are read and thrown away to keep a connection; past it the connection is closed.',
    0,
  ),
  cors,
});

/** Sections listen, tls, limits, http and http2 of the configuration. */
export const netOptions = Type.Object(
  { listen, tls, limits, http, http2: http2Options },
  { default: {}, additionalProperties: false },
);

export type NetOptions = Static<typeof netOptions>;

type Partly<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : Partly<T[K]>;
};

/** The options with defaults filled in. @throws TypeError for values that the schema refuses. */
export function completeNetOptions(options: Partly<NetOptions> = {}): NetOptions {
  return completeOptions<NetOptions>(netOptions, options);
}
