import type { Protocol } from '../../hub/protocol.ts';
import { tools } from './document.ts';
import { faults } from './faults.ts';
import { McpOptions } from './options.ts';
import { McpServer } from './server.ts';

/** Model Context Protocol (https://modelcontextprotocol.io), revisions 2026-07-28, 2025-11-25 and
 * 2025-06-18, over streamable HTTP and stdio. */
export default {
  name: 'mcp',
  title: 'MCP',
  can: {
    call: { unary: true, serverStream: true, clientStream: true, bidirectional: true },
    publish: false,
    subscribe: true,
    acknowledge: false,
    headers: true,
    cancel: true,
    deadline: true,
  },
  faults,
  options: McpOptions,
  documents: [tools],
  serve: (hub, options, meter) => new McpServer(hub, options, meter),
} satisfies Protocol<McpOptions>;
