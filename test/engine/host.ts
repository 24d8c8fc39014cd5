import type { Engine } from '../../src/hub/engine.ts';

/** Something that keeps an engine's data over closes: a folder, a cluster. */
export interface EngineHost {
  /** Opens the same data each time. Expiry and compaction look several times a second. */
  open(): Promise<Engine>;
  /** Deletes the data. */
  remove(): Promise<void>;
}

export type MakeHost = () => Promise<EngineHost>;

/** Runs `test` with an engine of its own; `reopen` closes it and opens the same data again. */
export async function withEngine(
  makeHost: MakeHost,
  test: (engine: Engine, reopen: () => Promise<Engine>) => Promise<void>,
): Promise<void> {
  const host = await makeHost();
  let engine = await host.open();
  try {
    await test(engine, async () => {
      await engine.close();
      engine = await host.open();
      return engine;
    });
  } finally {
    await engine.close();
    await host.remove();
  }
}
