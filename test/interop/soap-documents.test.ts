import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Contract } from '../../src/model/contract.ts';
import soap from '../../src/protocols/soap/index.ts';
import { startHub, type TestHub } from '../../src/testing/index.ts';
import type { XmlElement } from '../../src/wire/xml/element.ts';
import { parseXml } from '../../src/wire/xml/reader.ts';
import { application, contract } from './soap-application.ts';

const WSDL = 'http://schemas.xmlsoap.org/wsdl/';
const XSD = 'http://www.w3.org/2001/XMLSchema';

let hub: TestHub;
before(async () => {
  hub = await startHub(application);
});
after(() => hub.close());

const all = (element: XmlElement, name: string, namespace = WSDL): XmlElement[] =>
  element.children.filter((one) => one.is(namespace, name));
const named = (element: XmlElement, kind: string, name: string): XmlElement =>
  all(element, kind).find((one) => one.attribute('name') === name)!;

describe('the WSDL of a service', () => {
  it('has a binding and a port for each version, at the address that was asked', async () => {
    const response = await fetch(`${hub.url}/soap/orders?WSDL`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/xml; charset=utf-8');
    const root = parseXml(await response.text());
    assert.ok(root.is(WSDL, 'definitions'));
    assert.equal(root.attribute('targetNamespace'), 'urn:polywire:shop');
    const ports = all(named(root, 'service', 'Orders'), 'port');
    for (const [index, version] of ['soap', 'soap12'].entries()) {
      const namespace = `http://schemas.xmlsoap.org/wsdl/${version}/`;
      const address = ports[index]!.child(namespace, 'address');
      assert.equal(address?.attribute('location'), `${hub.url}/soap/orders`);
      const name = ports[index]!.attribute('binding')!.replace('tns:', '');
      const binding = named(root, 'binding', name);
      assert.equal(binding.child(namespace, 'binding')?.attribute('style'), 'document');
      const echo = named(binding, 'operation', 'Echo').child(namespace, 'operation');
      assert.equal(echo?.attribute('soapAction'), 'urn:polywire:shop:orders#Echo');
    }
  });

  it('tells operations, faults, one-way operations and deprecation', async () => {
    const root = parseXml(await (await fetch(`${hub.url}/soap/orders?wsdl`)).text());
    const portType = named(root, 'portType', 'Orders');
    const names = all(portType, 'operation').map((one) => one.attribute('name'));
    assert.ok(!names.includes('Watch'), 'streams are not carried');
    const shape = (name: string) =>
      named(portType, 'operation', name)
        .children.filter((one) => one.name !== 'documentation')
        .map((one) => one.attribute('name') ?? one.name);
    assert.deepEqual(shape('Echo'), ['input', 'output']);
    assert.deepEqual(shape('Find'), ['input', 'output', 'OrderMissing', 'ShopClosed']);
    assert.deepEqual(shape('Notify'), ['input']);
    const [documentation] = all(named(portType, 'operation', 'WhoAmI'), 'documentation');
    assert.equal(documentation?.text, 'Deprecated: Ask somebody else.');
    assert.equal(all(portType, 'documentation')[0]?.text, 'Orders & <more>.');
  });

  it('has a schema for each namespace', async () => {
    const root = parseXml(await (await fetch(`${hub.url}/soap/orders?wsdl`)).text());
    const schemas = all(all(root, 'types')[0]!, 'schema', XSD);
    assert.deepEqual(schemas.map((schema) => schema.attribute('targetNamespace')).toSorted(), [
      'urn:example:other',
      'urn:example:partner',
      'urn:polywire:json',
      'urn:polywire:shop:orders',
    ]);
  });
});

describe('the exported WSDL', () => {
  const [orders] = contract.services;
  const two: Contract = {
    ...contract,
    services: [orders!, { ...orders!, name: 'archive' }],
  };

  it('holds all services of a contract, and declares nothing twice', async () => {
    const kind = soap.documents[0]!;
    assert.equal(kind.format, 'wsdl');
    const root = parseXml(await kind.create(two, 'http://127.0.0.1:7070'));
    assert.deepEqual(
      all(root, 'service').map((one) => one.attribute('name')),
      ['Orders', 'Archive'],
    );
    for (const kindOfName of ['message', 'portType', 'binding', 'service']) {
      const names = all(root, kindOfName).map((one) => one.attribute('name'));
      assert.equal(new Set(names).size, names.length, kindOfName);
    }
    const declared = all(root, 'types')[0]!.children.flatMap((schema) =>
      schema.children
        .filter((one) => one.attribute('name') !== undefined)
        .map(
          (one) => `${one.name} {${schema.attribute('targetNamespace')}}${one.attribute('name')}`,
        ),
    );
    assert.equal(new Set(declared).size, declared.length);
    assert.ok(declared.includes('complexType {urn:polywire:shop:archive}Money'));
    const address = all(all(root, 'service')[1]!, 'port')[0]!.children[0];
    assert.equal(address?.attribute('location'), 'http://127.0.0.1:7070/soap/archive');
  });

  it('holds nothing of a contract that only streams', async () => {
    const streams: Contract = {
      ...contract,
      services: [
        { ...orders!, operations: orders!.operations.filter(({ output }) => output.stream) },
      ],
    };
    const root = parseXml(await soap.documents[0]!.create(streams, 'http://127.0.0.1:7070'));
    assert.deepEqual(all(root, 'service'), []);
  });
});
