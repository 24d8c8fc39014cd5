import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { XmlElement } from './element.ts';
import { DEFAULT_XML_LIMITS, type XmlLimits } from './limits.ts';
import { XmlReader } from './reader.ts';
import { scanXml } from './scan.ts';

function show(element: XmlElement): unknown {
  return [
    element.namespace,
    element.name,
    element.attributes.map((one) => [one.namespace, one.name, one.value]),
    element.text,
    element.line,
    element.children.map(show),
    ['', 'a', 'p', 'xml', '__proto__'].map((prefix) => element.namespaceOf(prefix)),
  ];
}

/** What the full parser says; undefined where it refuses. */
function judged(text: string, limits: Partial<XmlLimits>): unknown {
  try {
    const reader = new XmlReader(limits);
    reader.push(text);
    return show(reader.end());
  } catch {
    // Refused: that is the answer.
    return undefined;
  }
}

/** Whatever the scanner takes, the full parser takes, and as the same tree. */
function agrees(text: string, limits: Partial<XmlLimits> = {}): boolean {
  const scanned = scanXml(text, { ...DEFAULT_XML_LIMITS, ...limits });
  if (scanned === undefined) return false;
  assert.deepEqual(show(scanned), judged(text, limits), text);
  return true;
}

describe('the scanner', () => {
  it('takes plain documents, as the full parser does', () => {
    for (const text of [
      '<a/>',
      ' <a />\n',
      '<?xml version="1.0" encoding="utf-8"?>\n<a>t</a>',
      "<?xml version='1.0' encoding='UTF-8' standalone=\"yes\"?><a/>",
      '<a x="1" y=\'"\'>&lt;&amp;&#65;&#x1F600;&quot;</a >',
      '<p:a xmlns:p="urn:p" p:x="1" x="2"><b xmlns="urn:d"><c xmlns=""/></b></p:a>',
      '<a xml:space="preserve" xml:lang="en"> \t\r\n </a>',
      '<a x="a\tb\nc\r\nd&#9;&#10;&#13;"/>',
      '<a>\r\n<b>\r</b>x<c\n d="1"\n/></a>',
      '<a xmlns:p="u" ><p:b xmlns:p="v"/></a>',
      '<a.b-c_1><x/><x></x></a.b-c_1>',
      '<a xmlns:__proto__="urn:x"><__proto__:b constructor="1"/></a>',
      '<a x="]]">]]</a>',
      '<a x=">">></a>',
    ]) {
      assert.ok(agrees(text), text);
    }
  });

  it('leaves the rest to the full parser', () => {
    for (const text of [
      '',
      '<a>',
      '<a></b>',
      '<a></ab>',
      '<ab></a>',
      '<a/><b/>',
      'x<a/>',
      '<a/>x',
      '<a x="1"y="2"/>',
      '<a x="1" x="2"/>',
      '<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>',
      '<a x="<"/>',
      '<p:a/>',
      '<xml:a/>',
      '<a xmlns:p=""/>',
      '<a xmlns:xml="u"/>',
      '<a xmlns:xmlns="u"/>',
      '<a xmlns="http://www.w3.org/XML/1998/namespace"/>',
      '<a>&nbsp;</a>',
      '<a>&</a>',
      '<a>&#0;</a>',
      '<a>&#xD800;</a>',
      '<a>&amp</a>',
      '<a>]]></a>',
      '<a><!-- c --></a>',
      '<a><![CDATA[x]]></a>',
      '<!DOCTYPE a><a/>',
      '<?xml version="1.1"?><a/>',
      '<?x y?><a/>',
      '<1/>',
      '<a:b:c xmlns:a="u"/>',
      '<a:/>',
      '<:a/>',
      '<a: xmlns:a="u"/>',
      '<a:1 xmlns:a="u"/>',
      '< a/>',
      '<a/ >',
      '</a>',
      '<a>\u0001</a>',
      '<a>\uFFFF</a>',
      '<a>\uD800</a>',
      '<a x/>',
      '<a x=1/>',
      '<a x="1/>',
      '<\u00e4/>',
    ]) {
      assert.equal(scanXml(text, DEFAULT_XML_LIMITS), undefined, text);
    }
  });

  it('keeps the limits', () => {
    const text = '<a x="12" y=""><b>123</b><b/></a>';
    for (const [limits, isTaken] of [
      [{ maxDepth: 2, maxElements: 3, maxAttributes: 2, maxNameLength: 1, maxTextLength: 3 }, true],
      [{ maxDepth: 1 }, false],
      [{ maxElements: 2 }, false],
      [{ maxAttributes: 1 }, false],
      [{ maxNameLength: 0 }, false],
      [{ maxTextLength: 2 }, false],
    ] as const) {
      assert.equal(agrees(text, limits), isTaken, JSON.stringify(limits));
    }
  });

  it('never takes what the full parser refuses, or reads it otherwise', () => {
    const piece = fc.constantFrom(
      ...['<', '>', '/', '</a>', '<a>', '<a', '<b ', '/>', '<p:b>', '</p:b>', ' xmlns:p="u"'],
      ...[' xmlns="v"', ' x="1"', " p:x='2'", '=', '"', "'", ' ', '\n', '\r', '\t', '&amp;'],
      ...['&#13;', '&#x41;', '&', ';', 't', ']]', 'ä', ':', '-', '<!--', '-->', '<?xml '],
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        if (agrees(`<a>${pieces.join('')}</a>`)) taken++;
        agrees(pieces.join(''));
        agrees(`<a xmlns:p="w"${pieces.join('')}/>`);
      }),
      { numRuns: 3000 },
    );
    assert.ok(taken > 20, `only ${taken} documents were taken`);
  });

  it('agrees on mutations of a real message', () => {
    const message =
      '<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      'xmlns:i="urn:i"><s:Header><h:t xmlns:h="urn:h" s:mustUnderstand="1">a &amp; b</h:t></s:Header>' +
      '<s:Body><i:Create kind="x">\n  <i:name>N</i:name><i:tags>one</i:tags><i:tags/></i:Create></s:Body></s:Envelope>';
    assert.ok(agrees(message));
    const place = fc.nat(message.length);
    const change = fc.tuple(
      place,
      fc.nat(6),
      fc.constantFrom('', '<', '>', '"', '&', ' ', '/', ':', 'x', '=', '\n'),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = message;
        for (const [at, removed, added] of changes) {
          text = text.slice(0, at) + added + text.slice(at + removed);
        }
        agrees(text);
      }),
      { numRuns: 3000 },
    );
  });
});
