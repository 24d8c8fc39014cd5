import {
  buildSchema,
  type DocumentNode,
  executeSync,
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Contract } from '../../model/contract.ts';
import type { Variables } from './execute/arguments.ts';
import { graphqlErrors, RequestError, requestError } from './execute/errors.ts';
import { compilePlan, type Plan, type PlannedField } from './execute/plan.ts';
import { conditionVariables, type Fragments } from './execute/selection.ts';
import { checkLimits } from './limits.ts';
import { LeastRecentlyUsed } from './lru.ts';
import type { GraphqlOptions } from './options.ts';
import { buildModel } from './schema/build.ts';
import { printSdl } from './schema/sdl.ts';
import type { RootKind, SchemaModel } from './schema/types.ts';

/** An operation of a valid document. */
export interface PreparedOperation {
  readonly kind: RootKind;
  /** @throws RequestError for variables that do not fit */
  bind(variables: Readonly<Record<string, unknown>>): BoundOperation;
}

/** An operation with its variables: ready to run. */
export interface BoundOperation {
  readonly plan: Plan;
  readonly variables: Variables;
  introspect(field: Extract<PlannedField, { kind: 'introspection' }>): unknown;
}

const MAX_ERRORS = 10;
/** Forms of one document that differ in what `@skip` and `@include` leave over. */
const MAX_PLANS = 4;
/** Of compiled code, for all plans. */
const BYTES_PER_FIELD = 1024;
const NO_VARIABLES: Variables = Object.freeze({});

/**
 * Everything that needs the graphql library: reads, checks and compiles queries. This module is
 * loaded with the first request.
 */
export class Engine {
  readonly model: SchemaModel;
  readonly schema: GraphQLSchema;
  readonly options: GraphqlOptions;
  readonly #documents: LeastRecentlyUsed<CheckedDocument>;

  constructor(contracts: readonly Contract[], options: GraphqlOptions) {
    this.options = options;
    this.model = buildModel(contracts);
    this.schema = buildSchema(printSdl(this.model));
    this.#documents = new LeastRecentlyUsed(options.cachedQueries, options.cacheBytes);
  }

  /** @throws RequestError for a document that cannot be read, is not valid or passes a limit */
  prepare(source: string, operationName: string | undefined): PreparedOperation {
    let document = this.#documents.get(source);
    if (document === undefined) {
      document = new CheckedDocument(this, source);
      this.#documents.set(source, document, document.bytes);
    }
    return document.operation(operationName);
  }
}

class CheckedDocument {
  readonly engine: Engine;
  readonly document: DocumentNode;
  readonly fragments: Fragments;
  /** What it takes in memory with its plans, roughly. */
  readonly bytes: number;
  readonly #operations = new Map<string, Operation>();

  constructor(engine: Engine, source: string) {
    this.engine = engine;
    const { options } = engine;
    this.document = parsed(source, options);
    this.fragments = new Map(
      this.document.definitions
        .filter((definition) => definition.kind === 'FragmentDefinition')
        .map((definition) => [definition.name.value, definition]),
    );
    const fields = checkLimits(this.document, this.fragments, engine.model, options);
    this.bytes = source.length * 2 + fields * BYTES_PER_FIELD;
    const rules = options.introspection
      ? specifiedRules
      : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const errors = validate(engine.schema, this.document, rules, {
      maxErrors: MAX_ERRORS,
      hideSuggestions: !options.introspection,
    });
    if (errors.length > 0) throw new RequestError(graphqlErrors(errors));
    for (const definition of this.document.definitions) {
      if (definition.kind !== 'OperationDefinition') continue;
      this.#operations.set(definition.name?.value ?? '', new Operation(this, definition));
    }
  }

  /** GetOperation, section 6.1. */
  operation(name: string | undefined): PreparedOperation {
    if (name === undefined || name === '') {
      const [first, ...others] = this.#operations.values();
      if (first === undefined) {
        throw requestError('INVALID_ARGUMENT', 'The document has no operation.');
      }
      if (others.length === 0) return first;
      throw requestError(
        'INVALID_ARGUMENT',
        'The document has several operations: operationName must say which one.',
      );
    }
    const named = this.#operations.get(name);
    if (named !== undefined) return named;
    throw requestError(
      'INVALID_ARGUMENT',
      `The document has no operation ${JSON.stringify(name.slice(0, 100))}.`,
    );
  }
}

function parsed(source: string, options: GraphqlOptions): DocumentNode {
  try {
    return parse(source, {
      maxLexicalTokens: options.maxTokens,
      maxComments: options.maxTokens,
      maxSourceLength: options.maxBodyBytes,
    });
  } catch (error) {
    if (error instanceof RangeError) {
      throw requestError('RESOURCE_EXHAUSTED', 'The document is nested too deeply to be read.');
    }
    throw new RequestError(graphqlErrors([error as GraphQLError]));
  }
}

class Operation implements PreparedOperation {
  readonly kind: RootKind;
  readonly #owner: CheckedDocument;
  readonly #definition: OperationDefinitionNode;
  readonly #conditions: readonly string[];
  readonly #plans = new Map<string, Plan>();

  constructor(owner: CheckedDocument, definition: OperationDefinitionNode) {
    this.kind = definition.operation as RootKind;
    this.#owner = owner;
    this.#definition = definition;
    const sets = [definition.selectionSet];
    for (const fragment of owner.fragments.values()) sets.push(fragment.selectionSet);
    this.#conditions = conditionVariables(sets);
  }

  bind(given: Readonly<Record<string, unknown>>): BoundOperation {
    const variables = this.#coerce(given);
    return {
      plan: this.#planFor(variables),
      variables,
      introspect: (field) => this.#introspect(field, given),
    };
  }

  #coerce(given: Readonly<Record<string, unknown>>): Variables {
    const definitions = this.#definition.variableDefinitions;
    if (definitions === undefined || definitions.length === 0) return NO_VARIABLES;
    const { schema, options } = this.#owner.engine;
    const result = getVariableValues(schema, definitions, given, {
      maxErrors: MAX_ERRORS,
      hideSuggestions: !options.introspection,
    });
    if (result.errors !== undefined) throw new RequestError(graphqlErrors(result.errors));
    return result.variableValues.coerced;
  }

  #planFor(variables: Variables): Plan {
    let key = '';
    for (const name of this.#conditions) key += variables[name] === true ? '1' : '0';
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      const { engine, fragments } = this.#owner;
      plan = compilePlan(engine.model, this.#definition, fragments, variables);
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #introspect(
    field: Extract<PlannedField, { kind: 'introspection' }>,
    variableValues: Readonly<Record<string, unknown>>,
  ): unknown {
    const definition: OperationDefinitionNode = {
      ...this.#definition,
      selectionSet: { kind: this.#definition.selectionSet.kind, selections: field.nodes },
    };
    const fragments = [...this.#owner.fragments.values()];
    const { data, errors } = executeSync({
      schema: this.#owner.engine.schema,
      document: { kind: this.#owner.document.kind, definitions: [definition, ...fragments] },
      variableValues,
    });
    if (errors !== undefined) throw new RequestError(graphqlErrors(errors));
    return data?.[field.key] ?? null;
  }
}
