import { loadConfig } from '../config/load.ts';
import { loadApplications } from '../config/load-application.ts';
import { ConfigError } from '../config/mistake.ts';
import { redact } from '../config/redact.ts';
import { type Config, configJsonSchema } from '../config/schema.ts';
import { findTargets } from '../config/targets.ts';
import type { DoctorOptions } from './doctor-command.ts';
import { EXIT } from './exit-codes.ts';
import {
  type Check,
  checkClock,
  checkDataFolder,
  checkFileLimit,
  checkLoopback,
  checkNode,
  checkPort,
} from './machine-checks.ts';
import type { Environment } from './program.ts';
import { checkStorage } from './storage-checks.ts';
import { checkTls } from './tls-checks.ts';

const MARKS = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'FAIL'] } as const;

/** Runs every check. @returns 0 when none failed */
export async function doctor(
  targets: readonly string[],
  options: DoctorOptions,
  environment: Environment,
): Promise<number> {
  const { output } = environment;
  const checks: Check[] = [checkNode()];
  const config = await checkConfig(targets, options, environment, checks);
  checks.push(await checkLoopback());
  if (config !== undefined) {
    checks.push(
      await checkPort(config.listen.host, config.listen.port),
      checkAuthentication(config),
      await checkDataFolder(config.data),
      ...(await checkStorage(config.data)),
      ...(await checkTls(config.tls)),
      checkFileLimit(config.limits.connections),
    );
  }
  checks.push(checkClock());
  const failed = checks.filter(({ state }) => state === 'fail').length;
  if (output.json) {
    output.value({
      ok: failed === 0,
      checks,
      ...(config === undefined ? {} : { config: redact(configJsonSchema, config) }),
    });
  }
  for (const check of checks) {
    const [color, mark] = MARKS[check.state];
    output.line(`${output.style(color, mark)} ${check.name}: ${check.message}`);
    if (check.advice !== undefined) output.line(`     ${output.style('dim', check.advice)}`);
  }
  const warned = checks.filter(({ state }) => state === 'warn').length;
  output.line(`${checks.length} checks, ${failed} failed, ${warned} with a warning.`);
  return failed === 0 ? EXIT.ok.code : EXIT.failed.code;
}

async function checkConfig(
  targets: readonly string[],
  options: DoctorOptions,
  { directory, variables }: Environment,
  checks: Check[],
): Promise<Config | undefined> {
  try {
    const found = await findTargets(targets, directory, options.config);
    const { config, file, warnings } = await loadConfig({
      file: found.configFile,
      environment: variables,
      directory,
    });
    checks.push({
      name: 'configuration',
      state: warnings.length === 0 ? 'ok' : 'warn',
      message: warnings.length === 0 ? (file ?? 'no polywire.yaml; defaults') : warnings.join('; '),
    });
    const applications = await loadApplications(
      {
        applications: [...found.applications, ...config.applications],
        candidates: found.candidates,
      },
      directory,
    );
    checks.push({
      name: 'applications',
      state: 'ok',
      message:
        applications.map(({ contract }) => `${contract.name} ${contract.version}`).join(', ') ||
        'none',
    });
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { where, message } of error.mistakes) {
      checks.push({ name: 'configuration', state: 'fail', message: `${where}: ${message}` });
    }
    return undefined;
  }
}

function checkAuthentication(config: Config): Check {
  const configured = config.auth.tokens.length + config.auth.users.length;
  if (configured > 0) {
    return { name: 'authentication', state: 'ok', message: `${configured} callers are known` };
  }
  return config.listen.insecure
    ? {
        name: 'authentication',
        state: 'warn',
        message: 'off, with insecure: true; whoever reaches the hub may do everything',
        advice: 'Configure auth.tokens or auth.users, or bind to loopback.',
      }
    : { name: 'authentication', state: 'ok', message: 'off; only loopback may be bound' };
}
