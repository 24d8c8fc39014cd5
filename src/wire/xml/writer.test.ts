import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import { decodeName, encodeName } from './names.ts';
import { parseXml } from './reader.ts';
import { escapeAttribute, escapeText, isXmlText, XmlWriter } from './writer.ts';

describe('escaped text', () => {
  it('comes back exactly from content and from an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (!isXmlText(text)) {
          assert.throws(() => escapeText(text), Fault);
          assert.throws(() => escapeAttribute(text), Fault);
          return;
        }
        const root = parseXml(`<a b="${escapeAttribute(text)}">${escapeText(text)}</a>`);
        assert.equal(root.text, text);
        assert.equal(root.attribute('b'), text);
      }),
      { numRuns: 500 },
    );
    const hard = ' \t\r\n]]><&>"\'\u0085\u2028\uFFFD\u{10FFFF} ';
    assert.equal(parseXml(`<a>${escapeText(hard)}</a>`).text, hard);
    assert.equal(parseXml(`<a b="${escapeAttribute(hard)}"/>`).attribute('b'), hard);
  });

  it('is refused where XML cannot hold it, and the fault says where', () => {
    for (const text of ['ab\u0000', 'ab\u001F', 'ab\uFFFE', 'ab\uD800', 'ab\uDC00c']) {
      assert.throws(() => escapeText(text), /U\+[0-9A-F]{4} \(at position 2/);
      assert.throws(() => escapeAttribute(text), /at position 2/);
    }
  });
});

describe('names', () => {
  it('of any text are names, and come back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const name = encodeName(text);
        assert.equal(decodeName(name), text);
        assert.equal(parseXml(`<${name}/>`).name, name);
      }),
      { numRuns: 500 },
    );
  });

  it('that are names already stay', () => {
    for (const name of ['a', 'order_id', 'Z\u00e4hler', 'a-b.c'])
      assert.equal(encodeName(name), name);
    assert.equal(encodeName('first name'), 'first_x0020_name');
    assert.equal(encodeName('1st'), '_x0031_st');
    assert.equal(encodeName('_x0041_'), '_x005F_x0041_');
    assert.equal(encodeName('xml:lang'), 'xml_x003A_lang');
  });
});

describe('the writer', () => {
  it('writes a document that reads back', () => {
    const text = new XmlWriter()
      .nest('a:r', { 'xmlns:a': 'urn:a', left: undefined, n: 1 }, () => undefined)
      .toString();
    assert.equal(
      text,
      '<?xml version="1.0" encoding="UTF-8"?>\n<a:r xmlns:a="urn:a" n="1">\n</a:r>\n',
    );
    const writer = new XmlWriter();
    writer.nest('r', {}, () => writer.element('e', { a: '"' }, '<').element('f'));
    assert.equal(parseXml(writer.toString()).children[0]?.text, '<');
  });

  it('refuses a document with an open element', () => {
    assert.throws(() => new XmlWriter().open('a').toString(), RangeError);
    assert.throws(() => new XmlWriter().close(), RangeError);
  });
});
