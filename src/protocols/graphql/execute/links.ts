import { Fault } from '../../../model/fault.ts';
import { isPromise, type MaybePromise } from '../../../model/maybe-promise.ts';
import { BrokenAnswer } from './leaves.ts';
import type { LinkPlan, LinkValues, Selection, Step } from './projection.ts';
import { optionOf } from './union-option.ts';

/** Where in the response something stands. */
export interface PathNode {
  readonly before: PathNode | undefined;
  readonly key: string | number;
}

export interface Placed {
  readonly value: unknown;
  readonly path: PathNode | undefined;
}

/** What following links needs of the request that it belongs to. */
export interface LinkCaller {
  call(operation: string, input: unknown): MaybePromise<unknown>;
  /** Most values that one batch call may list. */
  readonly maxBatch: number;
  failed(fault: Fault, path: PathNode | undefined): void;
}

const NO_LINKS: LinkValues = [];

/** What the response holds of values of one selection, links followed. Never rejects with anything
 * but BrokenAnswer. */
export function completeAll(
  selection: Selection,
  values: readonly Placed[],
  caller: LinkCaller,
): MaybePromise<unknown[]> {
  if (selection.links.length === 0) {
    return values.map(({ value }) => selection.project(value, NO_LINKS));
  }
  return followAll(selection, values, caller);
}

async function followAll(
  selection: Selection,
  values: readonly Placed[],
  caller: LinkCaller,
): Promise<unknown[]> {
  const links = await Promise.all(selection.links.map((plan) => follow(plan, values, caller)));
  return values.map(({ value }) => selection.project(value, links));
}

/** Projected values of one link, by the objects that have it. */
async function follow(
  plan: LinkPlan,
  values: readonly Placed[],
  caller: LinkCaller,
): Promise<ReadonlyMap<unknown, unknown>> {
  const parents = new Map<unknown, Placed>();
  for (const placed of values) gather(placed, plan.steps, 0, parents);
  const groups = groupByInput(plan, parents.values());
  const answers = await callAll(plan, groups, caller);
  const found: { readonly parent: Placed; readonly placed: Placed }[] = [];
  for (const [index, group] of groups.entries()) {
    const answer = answers[index];
    for (const parent of group.parents) {
      const path = { before: parent.path, key: plan.key };
      if (answer instanceof Fault) caller.failed(answer, path);
      else if (answer !== undefined && answer !== null) {
        found.push({ parent, placed: { value: answer, path } });
      }
    }
  }
  const projected = await completeAll(
    plan.selection,
    found.map(({ placed }) => placed),
    caller,
  );
  return new Map(found.map(({ parent }, index) => [parent.value, projected[index]]));
}

/** Finds the objects at the end of the steps. */
function gather(
  { value, path }: Placed,
  steps: readonly Step[],
  from: number,
  parents: Map<unknown, Placed>,
): void {
  if (value === null || value === undefined) return;
  const step = steps[from];
  if (step === undefined) {
    if (!parents.has(value)) parents.set(value, { value, path });
  } else if (step.kind === 'member') {
    const member = (value as Readonly<Record<string, unknown>>)[step.member];
    gather({ value: member, path: { before: path, key: step.key } }, steps, from + 1, parents);
  } else if (step.kind === 'option') {
    if (optionOf(step.union, value) === step.type)
      gather({ value, path }, steps, from + 1, parents);
  } else if (Array.isArray(value)) {
    for (const [key, item] of value.entries()) {
      gather({ value: item, path: { before: path, key } }, steps, from + 1, parents);
    }
  }
}

interface Group {
  readonly input: Readonly<Record<string, unknown>>;
  readonly parents: Placed[];
}

/** Objects whose links ask for the same thing are asked for once. */
function groupByInput(plan: LinkPlan, parents: Iterable<Placed>): Group[] {
  const groups = new Map<string, Group>();
  const pairs = Object.entries(plan.target.link.input);
  for (const parent of parents) {
    const object = parent.value as Readonly<Record<string, unknown>>;
    const input: Record<string, unknown> = {};
    let complete = true;
    for (const [name, member] of pairs) {
      const value = object[member];
      if (value === undefined || value === null) complete = false;
      input[name] = value;
    }
    // Nothing to go by: the link leads nowhere.
    if (!complete) continue;
    const text = JSON.stringify(input);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { input, parents: [parent] });
    else group.parents.push(parent);
  }
  return [...groups.values()];
}

/** The answer, or the fault, of each group. */
function callAll(plan: LinkPlan, groups: readonly Group[], caller: LinkCaller): Promise<unknown[]> {
  const { target } = plan;
  if (target.batch !== undefined) return callBatches(target.batch, groups, caller);
  return Promise.all(groups.map(({ input }) => settled(caller, target.operation, input)));
}

async function callBatches(
  target: NonNullable<LinkPlan['target']['batch']>,
  groups: readonly Group[],
  caller: LinkCaller,
): Promise<unknown[]> {
  const { operation, member, list, key } = target.operation.batch!;
  const answers: unknown[] = new Array(groups.length);
  // Calls that differ in more than the gathered member cannot be one.
  const batches = new Map<string, number[]>();
  for (const [index, { input }] of groups.entries()) {
    const { [member]: _gathered, ...others } = input;
    const text = JSON.stringify(others);
    let indexes = batches.get(text);
    if (indexes === undefined) batches.set(text, (indexes = []));
    indexes.push(index);
  }
  const calls: Promise<void>[] = [];
  for (const indexes of batches.values()) {
    for (let from = 0; from < indexes.length; from += caller.maxBatch) {
      const part = indexes.slice(from, from + caller.maxBatch);
      const { [member]: _gathered, ...others } = groups[part[0]!]!.input;
      const input = { ...others, [list]: part.map((index) => groups[index]!.input[member]) };
      calls.push(
        settled(caller, operation, input).then((answer) => {
          const byKey = answer instanceof Fault ? undefined : indexByKey(answer, key);
          for (const index of part) {
            answers[index] =
              byKey === undefined
                ? answer
                : byKey.get(JSON.stringify(groups[index]!.input[member]));
          }
        }),
      );
    }
  }
  await Promise.all(calls);
  return answers;
}

function indexByKey(answer: unknown, key: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const item of Array.isArray(answer) ? answer : []) {
    if (typeof item !== 'object' || item === null) continue;
    found.set(JSON.stringify((item as Readonly<Record<string, unknown>>)[key]), item);
  }
  return found;
}

async function settled(caller: LinkCaller, operation: string, input: unknown): Promise<unknown> {
  try {
    const answer = caller.call(operation, input);
    return isPromise(answer) ? await answer : answer;
  } catch (thrown) {
    return Fault.from(thrown);
  }
}

/** A fault for an answer that could not be written. */
export function faultOfBroken(thrown: unknown, operation: string): Fault {
  if (!(thrown instanceof BrokenAnswer)) return Fault.from(thrown);
  return new Fault(
    'INTERNAL',
    `The answer of ${operation} does not fit its contract; the log of the hub has the reason.`,
    { cause: thrown },
  );
}
