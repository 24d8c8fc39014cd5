/** The static table (RFC 7541 Appendix A): names with the values that stand beside them. */
const ROWS = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

/** name and value of each entry; entry 0 here has index 1 on the wire. */
export const STATIC_TABLE: readonly (readonly [name: string, value: string])[] = ROWS.split(
  '\n',
).map((row) => {
  const space = row.indexOf(' ');
  return space < 0 ? [row, ''] : [row.slice(0, space), row.slice(space + 1)];
});

const indexOfName = new Map<string, number>();
const indexOfField = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], position) => {
  if (!indexOfName.has(name)) indexOfName.set(name, position + 1);
  indexOfField.set(`${name}\n${value}`, position + 1);
});

/** First index of an entry with this name; 0 for none. */
export function staticNameIndex(name: string): number {
  return indexOfName.get(name) ?? 0;
}

/** Index of the entry with this name and value; 0 for none. */
export function staticFieldIndex(name: string, value: string): number {
  return indexOfField.get(`${name}\n${value}`) ?? 0;
}
