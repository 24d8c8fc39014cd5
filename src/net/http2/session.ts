import type { Connection } from '../../hub/transport.ts';
import type { HttpContext } from '../http/context.ts';
import type { FloodGuard } from './flood-guard.ts';
import type { Http2Options } from './options.ts';
import type { ReceiveWindow } from './receive-window.ts';
import type { Sender } from './sender.ts';
import type { PeerSettings } from './settings.ts';

/** What the parts of one HTTP/2 connection share. */
export interface Session {
  readonly connection: Connection;
  readonly context: HttpContext;
  readonly options: Http2Options;
  readonly sender: Sender;
  readonly flood: FloodGuard;
  readonly window: ReceiveWindow;
  readonly settings: PeerSettings;
  /** Something was written: it goes out at the end of the read or of the turn. */
  touched(): void;
  /** The last stream is gone. */
  idle(): void;
}
