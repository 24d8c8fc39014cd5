/** Namespace names of the standards that are spoken here, and of our own header blocks. */
export const ENVELOPE_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const ENVELOPE_12 = 'http://www.w3.org/2003/05/soap-envelope';
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
export const XSD = 'http://www.w3.org/2001/XMLSchema';
export const XML = 'http://www.w3.org/XML/1998/namespace';
export const XOP = 'http://www.w3.org/2004/08/xop/include';
export const WSDL = 'http://schemas.xmlsoap.org/wsdl/';
export const WSDL_SOAP_11 = 'http://schemas.xmlsoap.org/wsdl/soap/';
export const WSDL_SOAP_12 = 'http://schemas.xmlsoap.org/wsdl/soap12/';
export const HTTP_TRANSPORT = 'http://schemas.xmlsoap.org/soap/http';

/** Web Services Security 1.0: the header, its utilities, and what they name. */
export const WSSE =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
export const WSU =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
export const TOKEN_PROFILE =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
export const MESSAGE_SECURITY =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0';

/** Each header block of this namespace is one entry of the call's metadata, its name being the
 * entry's; an answer's metadata goes back in the same way. */
export const METADATA = 'urn:polywire:metadata';
/** The element `fault` in a fault's detail: exact code, violations. */
export const FAULT = 'urn:polywire:fault';
/** Arbitrary JSON as XML. */
export const JSON_VALUE = 'urn:polywire:json';
