/** What the listener needs of a log; pino has this shape. */
export interface NetLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => undefined;
export const NO_LOGGER: NetLogger = { info: ignore, warn: ignore, error: ignore };
