import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { AnyHandler } from './dispatch.ts';
import { HANDLERS } from './handlers.ts';
import { readRequestHeader } from './request-header.ts';
import type { Message } from './wire/message.ts';
import { Reader } from './wire/reader.ts';
import { WireError } from './wire/wire-error.ts';
import { Writer } from './wire/writer.ts';

interface Exchange {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly client: string;
  readonly request: string;
  readonly response: string;
}

/** Frames of real clients and of Apache Kafka; their README says which. */
const FILE = new URL('../../../test/fixtures/kafka-wire/exchanges.jsonl', import.meta.url);
const exchanges = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange);

const API_VERSIONS = 18;

type AnyMessage = Message<unknown, unknown>;

function again(message: AnyMessage, version: number, reader: Reader): Buffer {
  const value = message.read(reader, version);
  assert.equal(reader.remaining, 0, 'bytes are left');
  const writer = new Writer();
  message.write(writer, version, value);
  return Buffer.concat(writer.finish());
}

function requestReader(api: AnyHandler, { request, apiVersion }: Exchange): Reader {
  const reader = new Reader(Buffer.from(request, 'hex'));
  const header = readRequestHeader(reader);
  assert.equal(header.key, api.key);
  assert.equal(header.version, apiVersion);
  if (api.request.flexible(apiVersion)) reader.skipTags();
  return reader;
}

function responseReader(api: AnyHandler, { response, apiVersion }: Exchange): Reader {
  const reader = new Reader(Buffer.from(response, 'hex'));
  reader.int32();
  if (api.response.flexible(apiVersion) && api.key !== API_VERSIONS) reader.skipTags();
  return reader;
}

const served = exchanges.flatMap((exchange) => {
  const api = HANDLERS.get(exchange.apiKey);
  const [first, last] = api?.versions ?? [0, -1];
  const { apiVersion } = exchange;
  return api === undefined || apiVersion < first || apiVersion > last ? [] : [{ api, exchange }];
});

describe('frames of real clients', () => {
  it('are of most APIs', () => assert.ok(served.length > 250, `${served.length} of them`));

  for (const { api, exchange } of served) {
    const { apiVersion, client } = exchange;
    it(`${api.name} ${apiVersion} of ${client}: read and written they are the same`, () => {
      const request = requestReader(api, exchange);
      const asked = request.buffer.subarray(request.at);
      const { request: requests, response: responses } = api as unknown as {
        request: AnyMessage;
        response: AnyMessage;
      };
      assert.equal(again(requests, apiVersion, request).toString('hex'), asked.toString('hex'));
      if (exchange.response === '') return;
      const response = responseReader(api, exchange);
      const answer = response.buffer.subarray(response.at);
      assert.equal(again(responses, apiVersion, response).toString('hex'), answer.toString('hex'));
    });
  }

  it('cut off anywhere or changed anywhere are read, or refused as what they are', () => {
    for (const { api, exchange } of served) {
      const { buffer, at } = requestReader(api, exchange);
      for (let end = at; end < buffer.length; end++) readOrRefuse(api, exchange, buffer, at, end);
      const changed = Buffer.from(buffer);
      for (let place = at; place < buffer.length; place++) {
        for (const value of [0x00, 0x7f, 0x80, 0xff]) {
          changed[place] = value;
          readOrRefuse(api, exchange, changed, at, buffer.length);
        }
        changed[place] = buffer[place]!;
      }
    }
  });
});

function readOrRefuse(
  api: AnyHandler,
  { apiVersion }: Exchange,
  buffer: Buffer,
  at: number,
  end: number,
): void {
  try {
    api.request.read(new Reader(buffer, at, end), apiVersion);
  } catch (error) {
    assert.ok(error instanceof WireError, `${api.name} ${apiVersion}: ${String(error)}`);
  }
}
