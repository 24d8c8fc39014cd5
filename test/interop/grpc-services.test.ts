import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
  create,
  createFileRegistry,
  fromBinary,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import * as grpc from '@grpc/grpc-js';
import type { TestHub } from '../../src/testing/index.ts';
import { startHub } from '../../src/testing/index.ts';
import { framed, raw, shopApplication, startShop } from './grpc-kit.ts';

let hub: TestHub;
let client: grpc.Client;
before(async () => {
  hub = await startShop();
  client = new grpc.Client(`${hub.host}:${hub.port}`, grpc.credentials.createInsecure());
});
after(async () => {
  client.close();
  await hub.close();
});

const same = (bytes: Buffer): Buffer => bytes;
const text = (field: number, value: string): Buffer =>
  Buffer.concat([Buffer.from([field * 8 + 2, Buffer.byteLength(value)]), Buffer.from(value)]);

function call(path: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, request, (error, answer) => {
      if (error !== null) reject(error);
      else resolve(answer!);
    });
  });
}

describe('health', () => {
  const check = (service: string) => call('/grpc.health.v1.Health/Check', text(1, service));

  it('answers for the hub and for each service', async () => {
    for (const service of ['', 'shop.Shop', 'grpc.health.v1.Health']) {
      assert.deepEqual(await check(service), Buffer.from([0x08, 1]), service);
    }
    await assert.rejects(check('shop.Nowhere'), { code: grpc.status.NOT_FOUND });
  });

  it('watches until the client leaves, and says when the hub stops', async () => {
    const own = await startHub([shopApplication]);
    const other = new grpc.Client(`${own.host}:${own.port}`, grpc.credentials.createInsecure());
    const watch = (service: string) =>
      other.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, text(1, service));
    const unknown = watch('nobody');
    const [first] = await firstOf(unknown, 1);
    assert.deepEqual(first, Buffer.from([0x08, 3]));
    unknown.cancel();
    const seen: Buffer[] = [];
    const known = watch('shop.Shop');
    const ended = new Promise<grpc.ServiceError>((resolve) => known.on('error', resolve));
    known.on('data', (bytes: Buffer) => seen.push(bytes));
    await new Promise((resolve) => known.once('data', resolve));
    const closing = own.hub.drain(2000);
    assert.equal((await ended).code, grpc.status.UNAVAILABLE);
    await closing;
    assert.deepEqual(seen, [Buffer.from([0x08, 1]), Buffer.from([0x08, 2])]);
    other.close();
    await own.close();
  });
});

async function firstOf(
  stream: grpc.ClientReadableStream<Buffer>,
  count: number,
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  stream.on('error', () => undefined);
  for await (const bytes of stream) {
    found.push(bytes as Buffer);
    if (found.length === count) break;
  }
  return found;
}

/** Asks one question by reflection; the answer with types that reflection itself described. */
function reflect(version: 'v1' | 'v1alpha', ...questions: Buffer[]): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      same,
      same,
    );
    const found: Buffer[] = [];
    stream.on('data', (bytes: Buffer) => found.push(bytes));
    stream.on('error', reject);
    stream.on('end', () => resolve(found));
    for (const question of questions) stream.write(question);
    stream.end();
  });
}

async function describedTypes(version: 'v1' | 'v1alpha'): Promise<Registry> {
  const symbol = `grpc.reflection.${version}.ServerReflection`;
  const [answer] = await reflect(version, text(4, symbol));
  // file_descriptor_response (4) { file_descriptor_proto (1) }, behind the question (2).
  const bytes = answer!;
  const at = bytes.indexOf(Buffer.from([0x22])) >= 0 ? findField(bytes, 4) : -1;
  const inner = at === -1 ? Buffer.alloc(0) : bytesAt(bytes, at);
  const file = fromBinary(FileDescriptorProtoSchema, bytesAt(inner, findField(inner, 1)));
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
}

/** Position of the length of the first field with this number. */
function findField(bytes: Buffer, number: number): number {
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    if (tag >>> 3 === number) return at;
    const [length, next] = lengthAt(bytes, at);
    at = next + length;
  }
  return -1;
}

function lengthAt(bytes: Buffer, at: number): [length: number, next: number] {
  let length = 0;
  let shift = 0;
  let next = at;
  for (;;) {
    const byte = bytes[next++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [length, next];
    shift += 7;
  }
}

function bytesAt(bytes: Buffer, at: number): Buffer {
  const [length, next] = lengthAt(bytes, at);
  return bytes.subarray(next, next + length);
}

for (const version of ['v1', 'v1alpha'] as const) {
  describe(`reflection ${version}`, () => {
    it('describes itself, lists services and finds files by name and symbol', async () => {
      const registry = await describedTypes(version);
      const request = registry.getMessage(`grpc.reflection.${version}.ServerReflectionRequest`)!;
      const response = registry.getMessage(`grpc.reflection.${version}.ServerReflectionResponse`)!;
      const ask = async (question: Record<string, unknown>) => {
        const bytes = Buffer.from(toBinary(request, create(request, question)));
        const [answer] = await reflect(version, bytes);
        return fromBinary(response, answer!) as unknown as {
          listServicesResponse: { service: { name: string }[] };
          fileDescriptorResponse: { fileDescriptorProto: Uint8Array[] };
          errorResponse: { errorCode: number };
        };
      };
      const { listServicesResponse } = await ask({ listServices: '*' });
      assert.deepEqual(listServicesResponse.service.map(({ name }) => name).sort(), [
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'polywire.Events',
        'shop.Shop',
      ]);
      for (const { name } of listServicesResponse.service) {
        const { fileDescriptorResponse } = await ask({ fileContainingSymbol: name });
        const file = fileDescriptorResponse.fileDescriptorProto.map((bytes) =>
          fromBinary(FileDescriptorProtoSchema, bytes),
        );
        const types = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
        assert.ok(types.getService(name)!.methods.length > 0, name);
      }
      const byName = await ask({ fileByFilename: 'google/protobuf/struct.proto' });
      assert.equal(byName.fileDescriptorResponse.fileDescriptorProto.length, 1);
      assert.equal((await ask({ fileContainingSymbol: 'no.Such' })).errorResponse.errorCode, 5);
      assert.equal((await ask({ fileByFilename: 'no.proto' })).errorResponse.errorCode, 5);
    });
  });
}

describe('events', () => {
  it('are published, and come with their headers and positions', async () => {
    const stream = client.makeServerStreamRequest(
      '/polywire.Events/Subscribe',
      same,
      same,
      text(1, 'shop.>'),
    );
    stream.on('error', () => undefined);
    const arrived = new Promise<Buffer>((resolve) => stream.once('data', resolve));
    await new Promise((resolve) => stream.once('metadata', resolve));
    const payload = '{"text":"a","count":1}';
    const message = Buffer.concat([
      text(1, 'shop.sold'),
      text(2, 'key-1'),
      text(3, Buffer.concat([text(1, 'x-a'), text(2, 'b')]).toString()),
      text(4, payload),
      text(5, 'application/json'),
      text(7, 'id-1'),
    ]);
    const publish = (bytes: Buffer) =>
      call('/polywire.Events/Publish', text(1, bytes.toString('latin1')));
    assert.deepEqual(await publish(message), text(1, 'id-1'));
    const delivery = (await arrived).toString();
    for (const part of ['shop.sold', 'key-1', 'x-a', payload, 'application/json', 'id-1', 'grpc']) {
      assert.ok(delivery.includes(part), part);
    }
    stream.cancel();
    const bad = Buffer.concat([
      text(1, 'shop.sold'),
      text(4, '{"count":1}'),
      text(5, 'application/json'),
    ]);
    await assert.rejects(publish(bad), { code: grpc.status.INVALID_ARGUMENT });
    const refused = client.makeServerStreamRequest(
      '/polywire.Events/Subscribe',
      same,
      same,
      text(1, 'shop.>.x'),
    );
    refused.resume();
    const error = await new Promise<grpc.ServiceError>((resolve) => refused.on('error', resolve));
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  });
});

describe('gRPC with credentials', () => {
  it('keeps reflection for those who have some, and health open', async () => {
    const secured = await startShop({
      config: { auth: { tokens: [{ id: 'a', token: 'token-for-this-test', scopes: ['*'] }] } },
    });
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const list = framed(text(7, ''));
    assert.equal((await raw(secured.url, path, list)).status, 16);
    const authorization = 'Bearer token-for-this-test';
    assert.equal((await raw(secured.url, path, list, { authorization })).status, 0);
    const health = await raw(secured.url, '/grpc.health.v1.Health/Check', framed(Buffer.alloc(0)));
    assert.equal(health.status, 0);
    await secured.close();
  });

  it('is not there when reflection is switched off', async () => {
    const closed = await startShop({ config: { protocols: { grpc: { reflection: false } } } });
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const answer = await raw(closed.url, path, framed(text(7, '')));
    assert.equal(answer.headers[':status'], 404);
    await closed.close();
  });
});

describe('gRPC over TLS', () => {
  it('is chosen by ALPN on the same port', async () => {
    const tls = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
    const secured = await startShop({
      config: { tls: { cert: tls('first.pem'), key: tls('first.key') } },
    });
    const credentials = grpc.credentials.createSsl(readFileSync(tls('ca.pem')));
    const over = new grpc.Client(`localhost:${secured.port}`, credentials);
    const answer = await new Promise((resolve, reject) => {
      over.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        same,
        same,
        Buffer.alloc(0),
        { deadline: Date.now() + 5000 },
        (error, bytes) => (error === null ? resolve(bytes) : reject(error)),
      );
    });
    assert.deepEqual(answer, Buffer.from([0x08, 1]));
    over.close();
    await secured.close();
  });
});
