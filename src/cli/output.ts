import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What commands print: results on stdout, everything else on stderr. */
export class Output {
  readonly json: boolean;
  readonly color: boolean;

  /** `--json` and `--no-color` count wherever they stand, so that a mistake in the rest of the
   * command line is told in the form that was asked for. */
  constructor(
    commandLine: readonly string[],
    variables: Readonly<Record<string, string | undefined>>,
  ) {
    const own = commandLine.slice(0, commandLine.indexOf('--') >>> 0);
    this.json = own.includes('--json');
    this.color =
      !this.json &&
      !own.includes('--no-color') &&
      !variables.NO_COLOR &&
      (process.stdout.isTTY === true || Boolean(variables.FORCE_COLOR));
  }

  style(style: Style, text: string): string {
    return this.color ? styleText(style, text, { validateStream: false }) : text;
  }

  /** A line for people; nothing with `--json`. */
  line(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** One JSON value on a line, whatever the form asked for. */
  value(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value) ?? 'null'}\n`);
  }

  error(text: string): void {
    process.stderr.write(this.color ? text : stripVTControlCharacters(text));
  }

  failure(message: string, details: Readonly<Record<string, unknown>>): void {
    if (this.json) process.stderr.write(`${JSON.stringify({ error: message, ...details })}\n`);
    else this.error(`${this.style('red', 'polywire:')} ${message}\n`);
  }
}
