import { KEPT_CONFIGS, TOPIC_CONFIGS } from '../../src/protocols/kafka/configs/topic-configs.ts';
import { HANDLERS } from '../../src/protocols/kafka/handlers.ts';
import type { GeneratedDocument } from '../docs.ts';

/** What the Kafka broker serves, as its code says. */
export const kafkaDocument: GeneratedDocument = {
  path: 'docs/generated/kafka.md',
  make() {
    const apis = [...HANDLERS.values()].sort((a, b) => a.key - b.key);
    return [
      '# Kafka: reference',
      '',
      '## APIs and versions',
      '',
      'ApiVersions tells clients the same.',
      '',
      '| API | key | versions |',
      '|---|---|---|',
      ...apis.map(({ name, key, versions: [first, last] }) => {
        return `| ${name} | ${key} | ${first === last ? first : `${first}-${last}`} |`;
      }),
      '',
      '## Settings of topics',
      '',
      '| setting | meaning |',
      '|---|---|',
      ...[...TOPIC_CONFIGS.values()]
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, documentation }) => `| \`${name}\` | ${documentation} |`),
      '',
      'These are taken, kept and told as they were set, and have no effect:',
      `${[...KEPT_CONFIGS.keys()]
        .toSorted()
        .map((name) => `\`${name}\``)
        .join(', ')}.`,
      '',
    ].join('\n');
  },
};
