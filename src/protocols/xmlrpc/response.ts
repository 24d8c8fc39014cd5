import type { Fault } from '../../model/fault.ts';
import { escapeText, isXmlText } from '../../wire/xml/writer.ts';
import { faultNumberOf } from './faults.ts';
import type { XmlRpcOptions } from './options.ts';
import { ANY_SHAPE } from './shape.ts';
import { writeValue } from './write-value.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The document that answers a call. @param value a `<value>` */
export function responseText(value: string): string {
  return `${DECLARATION}<methodResponse><params><param>${value}</param></params></methodResponse>\n`;
}

export function faultText(fault: Fault, options: XmlRpcOptions): string {
  const value = faultValue(fault, options);
  return `${DECLARATION}<methodResponse><fault>${value}</fault></methodResponse>\n`;
}

/** The struct of a fault, as a `<value>`; never throws. */
export function faultValue(fault: Fault, options: XmlRpcOptions): string {
  let message = fault.message;
  let details = '';
  const { message: _message, ...document } = fault.toJSON();
  try {
    if (options.faultDetails === 'member') {
      details = `<member><name>fault</name>${writeValue(document, ANY_SHAPE, options)}</member>`;
    } else if (options.faultDetails === 'text') message += `\n${JSON.stringify(document)}`;
  } catch {
    // The data of a declared error is the application's: what XML cannot express is left out.
    const { code, error } = fault;
    if (options.faultDetails === 'member') {
      details = `<member><name>fault</name>${writeValue({ code, error }, ANY_SHAPE, options)}</member>`;
    }
  }
  return (
    `<value><struct><member><name>faultCode</name><value><int>${faultNumberOf(fault)}</int></value></member>` +
    `<member><name>faultString</name><value><string>${escapeText(writable(message))}</string></value></member>` +
    `${details}</struct></value>`
  );
}

/** The text without characters that XML does not have. */
function writable(text: string): string {
  if (isXmlText(text)) return text;
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
}
