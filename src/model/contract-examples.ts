import type { Contract } from './contract.ts';
import type { Report } from './contract-rules.ts';

export function checkExamples(_contract: Contract, _report: Report): void {}
