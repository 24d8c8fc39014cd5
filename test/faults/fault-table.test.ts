import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultTable, Protocol } from '../../src/hub/protocol.ts';
import { FAULT_CODE_NAMES, isFaultCode } from '../../src/model/fault.ts';
import { PROTOCOLS } from '../../src/standard.ts';

const protocols: readonly Protocol[] = PROTOCOLS;

it('there are protocols to look at', () => assert.ok(protocols.length > 0));

for (const protocol of protocols) {
  describe(`faults of ${protocol.name}`, () => {
    const table: FaultTable = protocol.faults;

    it('has a form for every code, and shows it', () => {
      assert.deepEqual(Object.keys(table.toWire).toSorted(), FAULT_CODE_NAMES.toSorted());
      for (const code of FAULT_CODE_NAMES) {
        assert.notEqual(table.toWire[code], undefined, code);
        assert.notEqual(table.show(table.toWire[code]).trim(), '', code);
      }
    });

    it('reads every form of its own back as a code that has this form', () => {
      for (const code of FAULT_CODE_NAMES) {
        const back = table.fromWire(table.toWire[code]);
        assert.ok(isFaultCode(back), `${code} came back as ${back}`);
        assert.deepEqual(table.toWire[back], table.toWire[code], code);
      }
    });

    it('says where the exact code travels', () => assert.notEqual(table.details.trim(), ''));
  });
}
