/** The topics that there are, as groups of the new protocol ask for them. */
export interface Topics {
  /** Changes when a topic comes, goes or gets more partitions. */
  readonly version: number;
  find(name: string): Topic | undefined;
  byId(id: string): Topic | undefined;
}

export interface Topic {
  readonly id: string;
  readonly name: string;
  readonly partitions: number;
}

/** Those that one caller may read. */
export interface VisibleTopics {
  /** Names that the whole expression matches (RE2 syntax). @throws KafkaFailure for an expression
   * that is none */
  matching(regex: string): readonly string[];
}
