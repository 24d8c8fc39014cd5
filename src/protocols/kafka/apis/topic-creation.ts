import type { StreamSettings } from '../../../hub/engine.ts';
import type { Broker } from '../context.ts';

/** What is set of a topic of which nothing was said but its name. A name with empty levels is no
 * subject: such a topic captures none. */
export function newTopicSettings(
  name: string,
  { options }: Broker,
  partitions = options.defaultPartitions,
): Partial<StreamSettings> {
  return name.split('.').includes('') ? { partitions, subjects: [] } : { partitions };
}
