import { completeOptions } from '../../hub/option-value.ts';
import type { DocumentKind } from '../../hub/protocol.ts';
import { McpOptions } from './options.ts';

/** What `tools/list` answers with the default options, for one contract. What writes it is loaded
 * for it. */
export const tools: DocumentKind = {
  format: 'mcp',
  title: 'MCP tools',
  async create(contract) {
    const { toolOf } = await import('./tool.ts');
    const { maxItems } = completeOptions<McpOptions>(McpOptions, {});
    const all = contract.services.flatMap((service) =>
      service.operations.map((operation) => toolOf(contract, service, operation, maxItems)),
    );
    return `${JSON.stringify({ tools: all }, null, 2)}\n`;
  },
};
