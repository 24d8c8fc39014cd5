import FindMyWay from 'find-my-way';
import type { Meter } from '../../hub/diagnostics.ts';
import type { Route } from '../../hub/protocol.ts';

export interface RouteTarget {
  readonly route: Route;
  readonly meter: Meter;
  readonly protocol: string;
}

export interface RouteMatch {
  readonly target: RouteTarget;
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const NO_PARAMETERS = Object.freeze({});

/** The routes of all protocols: a map for paths without parameters, a tree for the others. */
export class Router {
  readonly #static = new Map<string, Map<string, RouteMatch>>();
  readonly #tree = FindMyWay({ caseSensitive: true, maxParamLength: 2_048 });
  #hasTree = false;

  /** @throws Error when another protocol claimed this method and path */
  add(target: RouteTarget): void {
    const { method, path } = target.route;
    if (!path.startsWith('/')) {
      throw new Error(`Route ${method} ${path} of ${target.protocol} must begin with "/".`);
    }
    const isStatic = !/[:*]/.test(path);
    if (isStatic) {
      let methods = this.#static.get(path);
      if (methods === undefined) this.#static.set(path, (methods = new Map()));
      const other = methods.get(method)?.target;
      if (other !== undefined) refuseClaim(target, other);
      methods.set(method, { target, parameters: NO_PARAMETERS });
      return;
    }
    const other = this.#tree.findRoute(method, path)?.store as RouteTarget | undefined;
    if (other !== undefined) refuseClaim(target, other);
    this.#tree.on(method, path, () => undefined, target);
    this.#hasTree = true;
  }

  /** @param path percent-encoded, without query */
  find(method: string, path: string): RouteMatch | undefined {
    const match = this.#static.get(path)?.get(method);
    if (match !== undefined) return match;
    if (!this.#hasTree && !path.includes('%')) return undefined;
    return this.#findSlowly(method, path);
  }

  #findSlowly(method: string, path: string): RouteMatch | undefined {
    if (path.includes('%')) {
      const decoded = this.#static.get(decodeUnreserved(path))?.get(method);
      if (decoded !== undefined) return decoded;
    }
    // Not the path alone: '?' cannot come here, and ';' is an ordinary character.
    const found = this.#tree.find(method as 'GET', path);
    if (found === null || found.store === undefined || found.store === null) return undefined;
    const parameters = found.params;
    // `/orders/` is not the order without a name.
    for (const name in parameters) if (parameters[name] === '' && name !== '*') return undefined;
    return { target: found.store as RouteTarget, parameters };
  }

  /** Methods that the path is served with, HEAD and OPTIONS included; empty for an unknown path. */
  allowed(path: string): string[] {
    const allowed: string[] = METHODS.filter((method) => this.find(method, path) !== undefined);
    if (allowed.length === 0) return [];
    if (allowed[0] === 'GET') allowed.splice(1, 0, 'HEAD');
    allowed.push('OPTIONS');
    return allowed;
  }
}

/** Escapes of unreserved characters mean the characters (RFC 3986 section 6.2.2.2). */
function decodeUnreserved(path: string): string {
  return path.replace(/%([2-7][0-9A-Fa-f])/g, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[0-9A-Za-z\-._~]/.test(character) ? character : escaped;
  });
}

function refuseClaim(target: RouteTarget, other: RouteTarget): never {
  const { method, path } = target.route;
  if (target.protocol === other.protocol) {
    throw new Error(
      `${target.protocol} has ${method} ${path} twice: it is the hub's own. Give the operation ` +
        'another path in the contract.',
    );
  }
  throw new Error(
    `Both ${other.protocol} and ${target.protocol} claim ${method} ${path}. ` +
      'Give one of them another path in its options or in the contract.',
  );
}

/** Whether every escape in the path is one, of valid UTF-8. */
export function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    // Malformed: that is the answer.
    return false;
  }
}
