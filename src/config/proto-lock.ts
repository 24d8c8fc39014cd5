import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../model/contract.ts';
import { attachLock, lockFileName, parseLock } from '../wire/protobuf/lock.ts';

/**
 * Reads the field numbers that are kept beside a contract, if there are any.
 * @param directory of the file that the contract was loaded from
 * @throws Error in words, for a lock file that cannot be used
 */
export async function attachLockFile(contract: Contract, directory: string): Promise<void> {
  const file = lockFileName(contract);
  let text: string;
  try {
    text = await readFile(join(directory, file), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new Error(`${file} cannot be read: ${message}`);
  }
  attachLockText(contract, text);
}

/** @throws Error likewise */
export function attachLockText(contract: Contract, text: string): void {
  try {
    attachLock(contract, parseLock(text));
  } catch (error) {
    throw new Error(
      `${lockFileName(contract)} cannot be used: ${(error as Error).message}. Without its numbers, clients with compiled types would misread everything.`,
    );
  }
}
