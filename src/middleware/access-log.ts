import { callFields } from '../hub/call-log.ts';
import type { Logger } from '../hub/logger.ts';
import type { Middleware } from '../hub/middleware.ts';

/** One line for each call that succeeded; the hub itself has one for each that did not. */
export function accessLog(logger: Logger): Middleware {
  return {
    name: 'access-log',
    observe: (endpoint) => ({
      end: (call, meter, fault, durationMs) => {
        if (fault === undefined) {
          logger.info(callFields(endpoint, call, meter, durationMs), 'call');
        }
      },
    }),
  };
}
