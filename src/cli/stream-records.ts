import type { Base64, RecordJson } from '../config/operator/record-json.ts';
import { timeText } from './amounts.ts';
import { EXIT } from './exit-codes.ts';
import { interruption, request, responseFault, tellFault } from './hub-client.ts';
import type { Output } from './output.ts';
import type { Environment } from './program.ts';
import type { ReadStreamOptions } from './stream-commands.ts';
import { streamPath } from './streams.ts';
import { printable } from './text-table.ts';

interface PageJson {
  readonly next: string;
  readonly records: readonly RecordJson[];
}

/** How long the hub waits for records before it answers with none. */
const WAIT_MS = 20_000;
const PAGE_RECORDS = 1000;
const PEEK_RECORDS = 10;

/** Prints records that are there. @returns the exit code */
export async function peekStream(
  name: string,
  options: ReadStreamOptions,
  { output }: Environment,
): Promise<number> {
  const { from = 'latest', count = PEEK_RECORDS, partition } = options;
  let left = count;
  let place = from;
  for (;;) {
    const query = { from: place, count: Math.min(left, PAGE_RECORDS), partition };
    const response = await page(name, query, options);
    if (!response.ok) return tellFault(await responseFault(response), output);
    const { records, next } = (await response.json()) as PageJson;
    for (const record of records) print(record, options, output);
    left -= records.length;
    // The latest come in one page.
    if (left <= 0 || records.length === 0 || from === 'latest') return EXIT.ok.code;
    place = next;
  }
}

/** Prints records as they come. @returns the exit code */
export async function tailStream(
  name: string,
  options: ReadStreamOptions,
  { output }: Environment,
): Promise<number> {
  const { count = Number.POSITIVE_INFINITY, partition, timeout } = options;
  const interrupted = interruption();
  const timeouts = timeout === undefined ? [] : [AbortSignal.timeout(timeout)];
  const signal = AbortSignal.any([interrupted, ...timeouts]);
  let left = count;
  let place = options.from ?? 'now';
  let waitMs = 0;
  try {
    while (left > 0) {
      const query = { from: place, count: Math.min(left, PAGE_RECORDS), partition, waitMs };
      const response = await page(name, query, options, signal);
      if (!response.ok) return tellFault(await responseFault(response), output);
      const { records, next } = (await response.json()) as PageJson;
      for (const record of records) print(record, options, output);
      left -= records.length;
      place = next;
      waitMs = WAIT_MS;
    }
    return EXIT.ok.code;
  } catch (error) {
    if (!signal.aborted) throw error;
    return interrupted.aborted ? EXIT.interrupted.code : EXIT.ok.code;
  }
}

function page(
  name: string,
  query: Readonly<Record<string, string | number | undefined>>,
  options: ReadStreamOptions,
  signal?: AbortSignal,
): Promise<Response> {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  const path = `${streamPath(name)}/records?${parameters}`;
  return request(path, options, signal === undefined ? {} : { signal });
}

function print(record: RecordJson, { headers }: ReadStreamOptions, output: Output): void {
  if (output.json) {
    output.value(record);
    return;
  }
  const { partition, offset, timeMs, key } = record;
  const place = output.style('dim', `${partition}:${offset}  ${timeText(timeMs)}`);
  output.line(`${place}  ${output.style('cyan', textOf(key))}  ${valueText(record)}`);
  if (headers !== true) return;
  for (const [name, value] of record.headers) {
    output.line(output.style('dim', `    ${printable(name)}: ${textOf(value)}`));
  }
}

/** On one line, whatever it is. */
function valueText(record: RecordJson): string {
  if (record.damage !== undefined) return `(damaged: ${printable(record.damage)})`;
  if (record.tombstone) return '(deleted)';
  if ('payload' in record) return JSON.stringify(record.payload);
  if (record.text !== undefined) return oneLine(record.text);
  return `base64 ${record.base64}`;
}

function textOf(value: string | Base64 | null): string {
  if (value === null) return '-';
  return typeof value === 'string' ? oneLine(value) : `base64 ${value.base64}`;
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
