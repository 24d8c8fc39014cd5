import type { CreateDriver } from '../driver.ts';
import { ndjsonDriver } from './rest.ts';

export interface DriverEntry {
  /** Name of the protocol in src/standard.ts. */
  readonly protocol: string;
  /** The client that drives it, for the table. */
  readonly client: string;
  /** Cells that this client cannot try, by `shape` or `shape: outcome`, and why. */
  readonly without?: Readonly<Record<string, string>>;
  readonly create: CreateDriver;
}

export const DRIVERS: readonly DriverEntry[] = [
  { protocol: 'rest', client: 'undici', create: ndjsonDriver },
];
