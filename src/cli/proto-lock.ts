import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../model/contract.ts';
import { contractTypes } from '../wire/protobuf/contract-types.ts';
import {
  EMPTY_LOCKED_TYPE,
  type LockedType,
  lockFileName,
  lockOf,
  lockText,
} from '../wire/protobuf/lock.ts';
import type { JudgedChange } from './contract-report.ts';

/**
 * Writes the field numbers of a contract into the lock file beside it.
 * @param create whether to make the file where there is none
 * @returns the file's name where it changed
 */
export async function updateLockFile(
  contract: Contract,
  directory: string,
  create: boolean,
): Promise<string | undefined> {
  const before = lockOf(contract);
  if (before === undefined && !create) return undefined;
  const text = lockText(contractTypes(contract).lock);
  if (before !== undefined && lockText(before) === text) return undefined;
  const file = lockFileName(contract);
  await writeFile(join(directory, file), text);
  return file;
}

/** Numbers that clients have compiled in and that mean something else now. */
export function numberChanges(before: Contract, after: Contract): JudgedChange[] {
  const old = contractTypes(before).lock.types;
  const next = contractTypes(after).lock.types;
  const guarded = lockOf(before) !== undefined;
  return Object.entries(old).flatMap(([name, type]) => {
    const now = Object.hasOwn(next, name) ? next[name]! : EMPTY_LOCKED_TYPE;
    return typeChanges(name, type, now, guarded && Object.hasOwn(next, name));
  });
}

function typeChanges(
  name: string,
  before: LockedType,
  after: LockedType,
  guarded: boolean,
): JudgedChange[] {
  const changes: JudgedChange[] = [];
  const names = new Map(Object.entries(after.numbers).map(([own, { number }]) => [number, own]));
  const reserved = new Set(after.reserved.map(({ number }) => number));
  for (const [own, { number, type }] of Object.entries(before.numbers)) {
    const now = Object.hasOwn(after.numbers, own) ? after.numbers[own]! : undefined;
    if (now !== undefined && now.number !== number && now.type === type) {
      changes.push(
        judged(
          'fieldNumberChanged',
          name,
          `${own} had the number ${number} and has ${now.number}`,
          'clients read and write it by its number',
        ),
      );
    } else if (now === undefined && guarded && !names.has(number) && !reserved.has(number)) {
      changes.push(
        judged(
          'fieldNumberLost',
          name,
          `${own} is gone and its number ${number} is not reserved`,
          'another member may get it, and older clients would take one for the other',
        ),
      );
    }
  }
  const used = [
    ...Object.entries(before.numbers).map(([own, { number }]) => ({ own, number })),
    ...before.reserved.map(({ name: own, number }) => ({ own, number })),
  ];
  for (const { own, number } of used) {
    const other = names.get(number);
    if (other === undefined || other === own) continue;
    changes.push(
      judged(
        'fieldNumberReused',
        name,
        `the number ${number} of ${own} is that of ${other} now`,
        'older clients take one for the other',
      ),
    );
  }
  return changes;
}

function judged(
  kind: 'fieldNumberChanged' | 'fieldNumberReused' | 'fieldNumberLost',
  name: string,
  message: string,
  why: string,
): JudgedChange {
  return {
    kind,
    area: 'call',
    breaking: false,
    place: `protobuf type ${name}`,
    message,
    why,
    verdict: 'breaking',
    breaks: [{ protocol: 'grpc', why }],
  };
}
