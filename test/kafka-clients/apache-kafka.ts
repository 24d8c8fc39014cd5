/**
 * Apache Kafka, one node in KRaft mode on loopback, its data in a temporary folder. As a program
 * it runs until it is interrupted: `node test/kafka-clients/apache-kafka.ts [PORT] [NAME=VALUE...]`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Broker, BrokerOptions } from './broker.ts';
import { jars } from './installed.ts';

const HEAP = ['-Xms1g', '-Xmx1g'];
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

export async function startApacheKafka(options: BrokerOptions = {}): Promise<Broker> {
  const classPath = jars('broker');
  const folder = mkdtempSync(join(tmpdir(), 'apache-kafka-'));
  const port = options.port ?? (await freePort());
  const saslPort = await freePort();
  const configuration = join(folder, 'server.properties');
  writeFileSync(configuration, properties(folder, port, saslPort, await freePort(), options));
  const log = join(folder, 'server.log');
  format(classPath, configuration, options);
  const startedMs = performance.now();
  const out = openSync(log, 'w');
  const child = spawn('java', [...HEAP, QUIET, '-cp', classPath, 'kafka.Kafka', configuration], {
    stdio: ['ignore', out, out],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'apache', port, saslPort, pid: child.pid!, startedMs, folder, stop };
}

function format(classPath: string, configuration: string, options: BrokerOptions): void {
  const users = (options.users ?? []).flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  execFileSync(
    'java',
    [QUIET, '-cp', classPath, 'kafka.tools.StorageTool', 'format', '--standalone'].concat(
      ['-t', 'cG9seXdpcmUtdGVzdHMhIQ', '-c', configuration],
      users,
    ),
    { stdio: 'pipe' },
  );
}

function properties(
  folder: string,
  port: number,
  saslPort: number,
  controllerPort: number,
  options: BrokerOptions,
): string {
  const plain = (options.users ?? [])
    .map(({ name, password }) => ` user_${name}="${password}"`)
    .join('');
  const told = options.advertised ?? { port, saslPort };
  const entries: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${told.port},SASL_PLAINTEXT://127.0.0.1:${told.saslPort}`,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required${plain};`,
    'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'log.dirs': join(folder, 'data'),
    'num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    ...options.settings,
  };
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** A port that was free a moment ago: Kafka has to be told its address before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, child: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    if (child.exitCode !== null) break;
    if (await accepts(port)) return;
    await wait(20);
  }
  throw new Error(`Apache Kafka did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [port, ...settings] = process.argv.slice(2);
  const broker = await startApacheKafka({
    port: port === undefined ? undefined : Number(port),
    settings: Object.fromEntries(settings.map((entry) => entry.split('=') as [string, string])),
  });
  console.log(JSON.stringify({ port: broker.port, saslPort: broker.saslPort, pid: broker.pid }));
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  await broker.stop();
}
