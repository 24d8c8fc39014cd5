declare module 'xmlrpc/lib/deserializer.js' {
  /** The reader of the npm package xmlrpc, which its own types leave out. */
  export default class Deserializer {
    deserializeMethodResponse(
      stream: NodeJS.ReadableStream,
      callback: (error: unknown, value: unknown) => void,
    ): void;
  }
}
