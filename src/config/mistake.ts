/** One thing wrong with the configuration, and where it stands. */
export interface Mistake {
  /** `polywire.yaml:3:7`, `environment variable POLYWIRE_LISTEN_PORT`, `option --port`. */
  readonly where: string;
  /** Path of the option, `listen.port`; '' for the whole file. */
  readonly path: string;
  /** What is wrong, what was expected, what may have been meant. */
  readonly message: string;
}

/** The configuration cannot be used. Holds every mistake that was found, not only the first. */
export class ConfigError extends Error {
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map((mistake) => `${mistake.where}: ${mistake.message}`).join('\n'));
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}
