/**
 * dateTime.iso8601 and RFC 3339. The specification of XML-RPC leaves the time zone to the server's
 * documentation: here a time without one is UTC, both ways.
 */

const LIBERAL =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,12}))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

export interface DateTimeText {
  /** RFC 3339 section 5.6. */
  readonly dateTime: string;
  /** RFC 3339 full-date, when the time is midnight. */
  readonly date: string | undefined;
}

/** Reads the specification's form (`19980717T14:08:55`) and what clients make of it: hyphens, no
 * colons, fractions, offsets, a date alone. Undefined for anything else. */
export function readDateTime(text: string): DateTimeText | undefined {
  const match = LIBERAL.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction, zone] = match;
  if (!isDay(year!, month!, day!) || hour > '23' || minute > '59' || second > '60') {
    return undefined;
  }
  const offset = offsetOf(zone);
  if (offset === undefined) return undefined;
  const date = `${year}-${month}-${day}`;
  const isMidnight =
    hour === '00' && minute === '00' && second === '00' && !/[1-9]/.test(fraction ?? '');
  return {
    dateTime: `${date}T${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}${offset}`,
    date: isMidnight ? date : undefined,
  };
}

function offsetOf(zone: string | undefined): string | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 'Z';
  const hours = zone.slice(1, 3);
  const minutes = zone.slice(-2);
  const text = zone.length === 3 ? '00' : minutes;
  return hours > '23' || text > '59' ? undefined : `${zone[0]}${hours}:${text}`;
}

function isDay(year: string, month: string, day: string): boolean {
  const number = Number(day);
  if (month < '01' || month > '12' || number < 1 || number > 31) return false;
  return number <= 28 || number <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
}

/**
 * An RFC 3339 date-time in the specification's form, in UTC; undefined for a text that is none, or
 * that this form cannot say (a leap second, a year past 9999).
 * @param withFraction keep a fraction of a second and say Z, which strict clients do not read
 */
export function writeDateTime(text: string, withFraction: boolean): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  let [, year, month, day, hour, minute, second] = match as unknown as string[];
  const [, , , , , , , fraction = '', sign, offsetHours, offsetMinutes] = match;
  if (!isDay(year!, month!, day!) || hour! > '23' || minute! > '59' || second! > '59') {
    return undefined;
  }
  if (sign !== undefined) {
    const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
    const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    const utc = new Date(local + (sign === '-' ? offsetMs : -offsetMs)).toISOString();
    // A year of more than four digits begins with a sign.
    if (utc.length !== 24) return undefined;
    [year, month, day] = DATE.exec(utc.slice(0, 10))!.slice(1) as string[];
    [hour, minute, second] = utc.slice(11, 19).split(':') as string[];
  }
  const seconds = withFraction ? `${second}${fraction}Z` : second;
  return `${year}${month}${day}T${hour}:${minute}:${seconds}`;
}
