/** The clients that run scenarios, each a program with the arguments of `commandOf`. */
import { join } from 'node:path';
import { goProgram, jars, javaScenarios, kcat, python } from './installed.ts';

export interface ScenarioClient {
  readonly name: string;
  /** Its name and version, as the fixtures tell it. */
  readonly library: string;
  /** Program and first arguments; throws `Missing` where it cannot be had. */
  readonly command: () => readonly string[];
}

const here = (path: string): string => join(import.meta.dirname, path);
const java = (set: 'broker' | 'clients-3'): readonly string[] => [
  'java',
  '-Xmx256m',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=off',
  '-cp',
  javaScenarios(set),
  'Main',
];

export const CLIENTS: readonly ScenarioClient[] = [
  { name: 'java-4', library: 'kafka-clients 4.4.0', command: () => java('broker') },
  { name: 'java-3', library: 'kafka-clients 3.9.2', command: () => java('clients-3') },
  {
    name: 'tools',
    library: "Apache Kafka 4.4.0's tools",
    command: () => [process.execPath, here('node/tools.ts'), jars('broker')],
  },
  {
    name: 'kafka-python',
    library: 'kafka-python 3.0.12',
    command: () => [python(), here('python/kafka_python.py')],
  },
  {
    name: 'librdkafka',
    library: 'confluent-kafka 2.16.1 (librdkafka 2.16.0)',
    command: () => [python(), here('python/confluent.py')],
  },
  {
    name: 'kcat',
    library: 'kcat 1.7.1 (librdkafka 2.0.2)',
    command: () => [process.execPath, here('node/kcat.ts'), kcat()],
  },
  { name: 'franz-go', library: 'franz-go 1.22.3', command: () => [goProgram()] },
  {
    name: 'kafkajs',
    library: 'kafkajs 2.2.4',
    command: () => [process.execPath, here('node/kafkajs.ts')],
  },
  {
    name: 'platformatic',
    library: '@platformatic/kafka 2.12.1',
    command: () => [process.execPath, here('node/platformatic.ts')],
  },
];
