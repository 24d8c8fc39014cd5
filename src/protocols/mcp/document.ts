import { completeOptions } from '../../hub/option-value.ts';
import type { DocumentKind } from '../../hub/protocol.ts';
import { McpOptions } from './options.ts';
import { toolOf } from './tool.ts';

/** What `tools/list` answers with the default options, for one contract. */
export const tools: DocumentKind = {
  format: 'mcp',
  title: 'MCP tools',
  create(contract) {
    const { maxItems } = completeOptions<McpOptions>(McpOptions, {});
    const all = contract.services.flatMap((service) =>
      service.operations.map((operation) => toolOf(contract, service, operation, maxItems)),
    );
    return `${JSON.stringify({ tools: all }, null, 2)}\n`;
  },
};
