import type { Middleware } from './hub/middleware.ts';
import type { Protocol } from './hub/protocol.ts';

/** What ships. To remove a protocol is to delete its folder and its line here. */
export const PROTOCOLS: readonly Protocol[] = [];

/** Layers around every handler, outermost first. */
export const MIDDLEWARE: readonly Middleware[] = [];
