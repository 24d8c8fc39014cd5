/**
 * Runs the official MCP conformance suite against a hub: every server scenario of every revision
 * that is spoken here, those with names of their own through a proxy that renames. What needs
 * features that a contract has not does not apply, and is told with the reason. Fails when anything
 * else fails, and when a reason applies no more.
 * usage: node scripts/mcp-conformance.ts <folder with the suite installed>
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import parcels from '../examples/parcels/app.ts';
import { startHub } from '../src/testing/index.ts';
import { namedApplication, RENAMED, startProxy } from './mcp-conformance-names.ts';

const REVISIONS = ['2026-07-28', '2025-11-25'];
/** Where results of the scenarios are that run through the proxy. */
const RENAMED_FOLDER = 'renamed';
const SUITE_TIMEOUT_MS = 300_000;

const CONTENTS =
  'it wants contents that no operation answers (images, sound, files) or keywords that no contract has';
const INPUT =
  'no operation asks its caller for more input: there is no elicitation, sampling or roots';
const PROMPTS = 'a contract has no prompts; the capability is not declared';
const LOGGING = 'no log goes to clients; the capability is not declared';

/** Failures that say nothing about this server, by check id, or all of a scenario by its name. */
const NOT_APPLICABLE: ReadonlyMap<string, string> = new Map([
  ...[
    'tools-call-image',
    'tools-call-audio',
    'tools-call-embedded-resource',
    'tools-call-mixed-content',
    'json-schema-2020-12',
    'resources-read-binary',
  ].map((name) => [name, CONTENTS] as const),
  ...[
    'tools-call-elicitation',
    'tools-call-sampling',
    'elicitation-sep1034-defaults',
    'elicitation-sep1330-enums',
    'input-required-result-basic-elicitation',
    'input-required-result-basic-sampling',
    'input-required-result-basic-list-roots',
    'input-required-result-request-state',
    'input-required-result-multiple-input-requests',
    'input-required-result-multi-round',
    'input-required-result-non-tool-request',
    'input-required-result-result-type',
    'input-required-result-tampered-state',
    'input-required-result-capability-check',
    'sep-2575-server-rejects-undeclared-capability',
    'sep-2575-missing-capability-http-400',
    'sep-2575-http-server-no-independent-requests-on-stream',
  ].map((name) => [name, INPUT] as const),
  ...[
    'prompts-list',
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
    'sep-2549-prompts-list-caching-hints',
  ].map((name) => [name, PROMPTS] as const),
  ...[
    'logging-set-level',
    'tools-call-with-logging',
    'sep-2575-server-no-log-without-loglevel',
  ].map((name) => [name, LOGGING] as const),
  ['completion-complete', 'no arguments are completed; the capability is not declared'],
  [
    'http-custom-header-server-validation',
    'no tool repeats parameters in headers (x-mcp-header is optional)',
  ],
]);

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: mcp-conformance.ts <folder of the suite>');
const program = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const results = mkdtempSync(join(tmpdir(), 'mcp-conformance-'));
const hub = await startHub([parcels, namedApplication]);
const address = `${hub.url}/mcp`;
const proxy = await startProxy(address);
// Something to read where a scenario looks for the value that it put into the URI.
await fetch(`${hub.url}/publish/test/templated/123`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"id":"123"}',
});
const unused = new Set(NOT_APPLICABLE.keys());
let passed = 0;
let failed = 0;
try {
  for (const revision of REVISIONS) {
    const output = join(results, revision);
    await runSuite(address, revision, output, ['--suite', 'all']);
    for (const scenario of RENAMED) {
      const renamed = join(output, RENAMED_FOLDER);
      await runSuite(proxy.url, revision, renamed, ['--scenario', scenario]);
    }
    console.log(`\n${revision}`);
    for (const directory of readdirSync(output).sort()) {
      if (directory !== RENAMED_FOLDER && !RENAMED.has(scenarioOf(directory))) {
        report(output, directory);
      }
    }
    const renamed = join(output, RENAMED_FOLDER);
    for (const directory of readdirSync(renamed).sort()) {
      // A scenario that is not part of the revision leaves an empty folder.
      if (existsSync(join(renamed, directory, 'checks.json'))) report(renamed, directory);
    }
  }
} finally {
  proxy.server.close();
  proxy.server.closeAllConnections();
  await hub.close();
  rmSync(results, { recursive: true, force: true });
}
for (const name of unused) {
  failed++;
  console.log(`stale: ${name} needs no reason any more; take it out of scripts/mcp-conformance.ts`);
}
console.log(`\n${passed} checks passed, ${failed} failed`);
if (passed === 0 || failed > 0) process.exitCode = 1;

async function runSuite(
  url: string,
  revision: string,
  output: string,
  which: readonly string[],
): Promise<void> {
  const given = ['--url', url, '--spec-version', revision, '--timeout', '20000', '-o', output];
  const child = spawn(process.execPath, [program, 'server', ...given, ...which], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: SUITE_TIMEOUT_MS,
  });
  // Its exit code says that scenarios failed, which is judged here, check by check.
  await once(child, 'exit');
}

function scenarioOf(directory: string): string {
  return /^server-(.*)-\d{4}-\d\d-\d\dT/.exec(directory)?.[1] ?? directory;
}

function report(output: string, directory: string): void {
  const scenario = scenarioOf(directory);
  const checks = JSON.parse(
    readFileSync(join(output, directory, 'checks.json'), 'utf8'),
  ) as Check[];
  const successes = checks.filter(({ status }) => status === 'SUCCESS').length;
  passed += successes;
  const lines: string[] = [];
  for (const { id, status, errorMessage } of checks) {
    if (status !== 'FAILURE') continue;
    const key = NOT_APPLICABLE.has(scenario) ? scenario : id;
    const reason = NOT_APPLICABLE.get(key);
    unused.delete(key);
    if (reason === undefined) {
      failed++;
      lines.push(`    FAILED ${id}: ${errorMessage ?? ''}`);
    } else lines.push(`    does not apply: ${id}: ${reason}`);
  }
  const whole = NOT_APPLICABLE.get(scenario);
  console.log(
    whole === undefined
      ? [`  ${scenario}: ${successes} passed`, ...lines].join('\n')
      : `  ${scenario}: does not apply: ${whole}`,
  );
}
