import type { Middleware } from './hub/middleware.ts';
import type { Protocol } from './hub/protocol.ts';
import rest from './protocols/rest/index.ts';
import sse from './protocols/sse/index.ts';

/** What ships. To remove a protocol is to delete its folder and its line here. */
export const PROTOCOLS: readonly Protocol[] = [rest, sse];

/** Layers around every handler, outermost first. */
export const MIDDLEWARE: readonly Middleware[] = [];
