import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { XmlElement } from '../../wire/xml/element.ts';
import { parseXml } from '../../wire/xml/reader.ts';
import { readPlainXml } from './plain-xml.ts';

const LIMITS = { maxDepth: 20, maxElements: 200 };

function same(one: XmlElement, other: XmlElement): void {
  const facts = ({ name, namespace, text, line, attributes, scope }: XmlElement) => {
    return { name, namespace, text, line, attributes: [...attributes], scope };
  };
  assert.deepEqual(facts(one), facts(other));
  assert.equal(one.children.length, other.children.length);
  for (const [index, child] of one.children.entries()) same(child, other.children[index]!);
}

/** Whether the fast reader took it; if so, the strict one reads the same. */
function taken(document: string): boolean {
  const plain = readPlainXml(document, LIMITS);
  if (plain !== undefined) same(plain, parseXml(document, LIMITS));
  return plain !== undefined;
}

describe('reading plain XML', () => {
  it('takes what clients write', () => {
    for (const document of [
      '<methodCall><methodName>a.b</methodName></methodCall>',
      '<?xml version="1.0"?>\n<a>\n<b>1</b>\r\n<c >&lt;&amp;&gt;&quot;&apos;</c\n></a>\n',
      "<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?><dateTime.iso8601/>",
      '<a>one<b />two<b/>three</a> ',
      ' \n<a>\u{1F600} ]] > \u0085\u007F</a>',
    ]) {
      assert.ok(taken(document), document);
    }
  });

  it('leaves everything else to the strict reader', () => {
    for (const document of [
      '',
      'text',
      '<a',
      '<a>',
      '<a></b>',
      '</a>',
      '<a/><a/>',
      '<a/>text',
      '<a><b></a></b>',
      '<a x="1"/>',
      '<x:a/>',
      '<a xmlns="urn:a"/>',
      '<!DOCTYPE a><a/>',
      '<!-- c --><a/>',
      '<a><![CDATA[x]]></a>',
      '<a>]]></a>',
      '<a>\u0000</a>',
      '<a>\uFFFE</a>',
      '<a>&#65;</a>',
      '<a>&nbsp;</a>',
      '<a>& </a>',
      '<a>&lt</a>',
      '<a / >',
      '</a/>',
      '<a//>',
      '<?xml version="1.1"?><a/>',
      '<?xml encoding="utf-8"?><a/>',
      ' <?xml version="1.0"?><a/>',
      '<\u00E4/>',
      `<${'a'.repeat(600)}/>`,
      '<a>'.repeat(21) + '</a>'.repeat(21),
      `<a>${'<b/>'.repeat(200)}</a>`,
    ]) {
      assert.ok(!taken(document), document);
    }
  });

  it('never reads what the strict reader reads in another way, or refuses', () => {
    const pieces = fc.constantFrom(
      ...['<a>', '</a>', '<b>', '</b>', '<a/>', '<a', '>', '/>', '/', '<', '&lt;', '&', ';', ' '],
      ...[
        '\n',
        '\r',
        '\r\n',
        '\t',
        ']]>',
        ']',
        'text',
        '<?xml version="1.0"?>',
        '<!--',
        '-->',
        'é',
      ],
      ...['\u0000', '=', '"', ':', '<?', '?>', '<![CDATA[', '<a >', '</a\n>', '-', '.', '\uFFFF'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => void taken(parts.join(''))),
      { numRuns: 3_000 },
    );
    const body = fc.array(pieces, { maxLength: 3 });
    fc.assert(
      fc.property(body, body, (inner, outer) => {
        taken(`<?xml version="1.0"?><a>${inner.join('')}<b>${outer.join('')}</b></a>`);
      }),
      { numRuns: 2_000 },
    );
  });
});
