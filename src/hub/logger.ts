/**
 * Structured logs: what pino's loggers offer, and all that the hub asks of one. Fields first,
 * then a sentence. Neither payloads nor metadata values nor credentials are ever among them.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function nothing(): void {
  // A hub without a logger says nothing.
}

export const NO_LOGGER: Logger = Object.freeze({
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
});
