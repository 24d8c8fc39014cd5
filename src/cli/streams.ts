import type { StreamDetails, StreamList } from '../config/operator/stream-view.ts';
import { countText, durationText, sizeText, timeText } from './amounts.ts';
import type { HubOptions } from './client-commands.ts';
import { EXIT } from './exit-codes.ts';
import { request, responseFault, tellFault } from './hub-client.ts';
import type { Output } from './output.ts';
import type { Environment } from './program.ts';
import type { CreateStreamOptions, RemoveStreamOptions } from './stream-commands.ts';
import { textTable } from './text-table.ts';

/** The stream's address at its hub. */
export function streamPath(name: string): string {
  return `/streams/${encodeURIComponent(name)}`;
}

/** @returns the exit code, as all here do */
export async function listStreams(options: HubOptions, { output }: Environment): Promise<number> {
  const response = await request('/streams', options);
  if (!response.ok) return tellFault(await responseFault(response), output);
  const { engine, streams } = (await response.json()) as StreamList;
  if (output.json) {
    for (const stream of streams) output.value(stream);
    return EXIT.ok.code;
  }
  if (streams.length === 0) {
    output.line('There are no streams; "polywire stream create <name>" makes one.');
    return EXIT.ok.code;
  }
  const rows = streams.map(({ name, partitions, records, bytes, subjects }) => [
    name,
    String(partitions),
    countText(records),
    sizeText(bytes),
    subjects.join(' ') || '(nothing)',
  ]);
  const columns = [
    { title: 'STREAM' },
    { title: 'PARTITIONS', right: true },
    { title: 'RECORDS', right: true },
    { title: 'SIZE', right: true },
    { title: 'CAPTURES' },
  ];
  printTable(textTable(columns, rows), output);
  output.line(output.style('dim', `${streams.length} in the ${engine} engine`));
  return EXIT.ok.code;
}

export async function streamInfo(
  name: string,
  options: HubOptions,
  { output }: Environment,
): Promise<number> {
  const response = await request(streamPath(name), options);
  if (!response.ok) return tellFault(await responseFault(response), output);
  const details = (await response.json()) as StreamDetails;
  if (output.json) output.value(details);
  else printDetails(details, output);
  return EXIT.ok.code;
}

export async function createStream(
  name: string,
  options: CreateStreamOptions,
  { output }: Environment,
): Promise<number> {
  const { subject, keySubject, partitions, retention, maxBytes, compact, sync } = options;
  const limits = { ageMs: retention, bytes: maxBytes };
  const body = JSON.stringify({
    name,
    subjects: subject,
    subject: keySubject,
    partitions,
    retention: retention === undefined && maxBytes === undefined ? undefined : limits,
    compact,
    sync,
  });
  const headers = { 'content-type': 'application/json' };
  const response = await request('/streams', options, { method: 'POST', headers, body });
  if (!response.ok) return tellFault(await responseFault(response), output);
  const details = (await response.json()) as StreamDetails;
  if (output.json) output.value(details);
  else printDetails(details, output);
  return EXIT.ok.code;
}

export async function removeStream(
  name: string,
  options: RemoveStreamOptions,
  { output }: Environment,
): Promise<number> {
  if (options.yes !== true) {
    const there = await request(streamPath(name), options);
    if (!there.ok) return tellFault(await responseFault(there), output);
    const records = recordsOf((await there.json()) as StreamDetails);
    output.failure(
      `${name} has ${countText(records)} records, which would be gone for good; say --yes to remove it`,
      { stream: name, records },
    );
    return EXIT.usage.code;
  }
  const response = await request(streamPath(name), options, { method: 'DELETE' });
  if (!response.ok) return tellFault(await responseFault(response), output);
  if (output.json) output.value({ removed: name });
  else output.line(`removed ${name}`);
  return EXIT.ok.code;
}

const SYNC_TEXT = {
  always: 'always: a message is on disk before it is answered',
  interval: 'interval: a power cut may take the last moments',
  never: 'never: a power cut may take what the system had not written',
} as const;

function printDetails(details: StreamDetails, output: Output): void {
  const { name, id, createdMs, settings, partitions } = details;
  const fact = (label: string, text: string): void => {
    output.line(`  ${output.style('dim', label.padEnd(9))} ${text}`);
  };
  output.line(output.style('bold', name));
  fact('captures', settings.subjects.join(' ') || '(nothing)');
  if (settings.keySubject !== undefined) fact('keys', `the subject is ${settings.keySubject}`);
  fact('keeps', retentionText(settings));
  fact('sync', SYNC_TEXT[settings.sync]);
  fact('made', `${timeText(createdMs)}  ${output.style('dim', id)}`);
  const bytes = partitions.reduce((sum, one) => sum + one.bytes, 0);
  fact('holds', `${countText(recordsOf(details))} records, ${sizeText(bytes)}`);
  output.line();
  const most = Math.max(1, ...partitions.map(countOf));
  const rows = partitions.map((one) => [
    String(one.partition),
    bar(countOf(one) / most),
    countText(countOf(one)),
    `${countText(one.startOffset)} .. ${countText(one.endOffset)}`,
    sizeText(one.bytes),
    timeText(one.latestMs),
    one.stableOffset < one.endOffset ? `transaction open from ${countText(one.stableOffset)}` : '',
  ]);
  const columns = [
    { title: 'PARTITION', right: true },
    { title: '' },
    { title: 'RECORDS', right: true },
    { title: 'OFFSETS' },
    { title: 'SIZE', right: true },
    { title: 'LATEST' },
    { title: '' },
  ];
  printTable(textTable(columns, rows), output);
}

function printTable([head, ...rows]: readonly string[], output: Output): void {
  output.line(output.style('dim', head!));
  for (const row of rows) output.line(row);
}

type PartitionFacts = StreamDetails['partitions'][number];

function countOf({ startOffset, endOffset }: PartitionFacts): number {
  return endOffset - startOffset;
}

function recordsOf({ partitions }: StreamDetails): number {
  return partitions.reduce((sum, one) => sum + countOf(one), 0);
}

const BAR_CELLS = 20;

/** A bar of up to 20 characters; never empty for what is not nothing. */
function bar(share: number): string {
  const cells = share === 0 ? 0 : Math.max(1, Math.round(share * BAR_CELLS));
  return `${'█'.repeat(cells)}${'·'.repeat(BAR_CELLS - cells)}`;
}

function retentionText(settings: StreamDetails['settings']): string {
  const parts = settings.compact ? ['the last record of each key'] : [];
  const { retentionMs, retentionBytes, retentionRecords } = settings;
  if (settings.expire) {
    if (retentionMs >= 0) parts.push(durationText(retentionMs));
    if (retentionBytes >= 0) parts.push(`${sizeText(retentionBytes)} in each partition`);
    if (retentionRecords >= 0)
      parts.push(`${countText(retentionRecords)} records in each partition`);
  }
  return parts.join(', at most ') || 'everything, for ever';
}
