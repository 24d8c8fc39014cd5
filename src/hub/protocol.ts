import type { TObject } from 'typebox';
import type { Contract } from '../model/contract.ts';
import type { FaultCode } from '../model/fault.ts';
import type { MaybePromise } from '../model/maybe-promise.ts';
import type { Meter } from './diagnostics.ts';
import type { Hub } from './hub.ts';
import type { Connection, Exchange, Receiver } from './transport.ts';

/** What a protocol can carry. The hub refuses impossible bindings by it, and the matrix suites
 * know from it which cells exist. */
export interface Capabilities {
  readonly call: {
    readonly unary: boolean;
    readonly serverStream: boolean;
    readonly clientStream: boolean;
    readonly bidirectional: boolean;
  };
  readonly publish: boolean;
  readonly subscribe: boolean;
  /** Receivers acknowledge what they got. */
  readonly acknowledge: boolean;
  /** Metadata or message headers travel along. */
  readonly headers: boolean;
  /** A client can end a call before its answer. */
  readonly cancel: boolean;
  /** A client can say how long it waits. */
  readonly deadline: boolean;
}

/** How a protocol writes faults. Total in both directions; `test/faults` checks every cell. */
export interface FaultTable<Wire = unknown> {
  readonly toWire: { readonly [code in FaultCode]: Wire };
  /** The nearest code for what a peer sent, known or not. */
  fromWire(wire: Wire): FaultCode;
  /** The wire form as docs show it: `404`, `-32601 Method not found`. */
  show(wire: Wire): string;
  /** One sentence for the docs: where the exact code and declared errors travel. */
  readonly details: string;
}

/** A page or machine-readable document that a protocol makes from a contract. */
export interface DocumentKind {
  /** Used as `polywire contract export --format <format>`. */
  readonly format: string;
  readonly title: string;
  /** `baseUrl` such as http://127.0.0.1:7070. */
  create(contract: Contract, baseUrl: string): MaybePromise<string>;
  /** The same as files, for kinds of which a contract may need several; names have no folders. */
  files?(contract: Contract, baseUrl: string): MaybePromise<readonly DocumentFile[]>;
}

export interface DocumentFile {
  readonly name: string;
  readonly text: string;
}

export type Detection =
  /** These bytes are this protocol's. */
  | 'match'
  /** They cannot be. */
  | 'no'
  /** They may be; more bytes will tell. */
  | 'more';

export interface Protocol<Options = unknown> {
  /** Folder name, option section and label of its figures. */
  readonly name: string;
  /** The name people know it by. */
  readonly title: string;
  readonly can: Capabilities;
  readonly faults: FaultTable;
  /** JSON Schema with defaults and descriptions; drives validation, environment and docs. */
  readonly options: TObject;
  readonly documents?: readonly DocumentKind[];
  /** The port at which people expect it, opened where `listen.standardPorts` says so. */
  readonly standardPort?: number;
  /** From the first bytes of a raw connection, never empty. Absent: not reachable that way. */
  detect?(bytes: Buffer): Detection;
  serve(hub: Hub, options: Options, meter: Meter): MaybePromise<ProtocolServer>;
}

/** A protocol at work in one hub. */
export interface ProtocolServer {
  /** HTTP routes, on the shared HTTP server. */
  readonly routes?: readonly Route[];
  /** Takes a raw connection that `detect` recognised. Its first bytes come as `data`. */
  accept?(connection: Connection): Receiver;
  /** Lines for people who want to try it; `url` is the hub's base address. */
  tryIt(address: HubAddress): readonly TryLine[];
  /** After the last connection is closed. */
  close?(): MaybePromise<void>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/orders/:id`, as find-my-way writes it. HEAD and OPTIONS are derived. A path that two
   * protocols claim is refused at start-up. */
  readonly path: string;
  /** Answers at once or later; what it throws becomes the router's problem+json. */
  handle(exchange: Exchange): MaybePromise<void>;
}

export interface HubAddress {
  /** http://127.0.0.1:7070 */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Unix socket path, if one is open. */
  readonly unix: string | undefined;
}

export interface TryLine {
  /** What it does, few words. */
  readonly label: string;
  /** A command line that can be pasted, or an address to open. */
  readonly command: string;
}
