import { type File, type Files, NODE_FILES } from './files.ts';

export type Step = 'open' | 'write' | 'sync' | 'truncate' | 'rename' | 'syncFolder' | 'remove';

/** The machine's file system, of which steps can be made to fail as on a bad or full disk. */
export class FailingFiles implements Files {
  /** Throws to let a step fail; `bytes` of a write may be stored before. */
  onStep: (step: Step, path: string) => void = () => undefined;
  /** Bytes of the next failing write that reach the file all the same. */
  tornBytes = 0;
  writes = 0;
  syncs = 0;

  /** Every step of these kinds on a segment fails from now on. */
  fail(code: string, steps: readonly Step[], path = /./): void {
    this.onStep = (step, of) => {
      if (steps.includes(step) && path.test(of)) throw Object.assign(new Error(code), { code });
    };
  }

  heal(): void {
    this.onStep = () => undefined;
    this.tornBytes = 0;
  }

  async open(path: string, mode: 'read' | 'write'): Promise<File> {
    if (mode === 'write') this.onStep('open', path);
    const file = await NODE_FILES.open(path, mode);
    return new FailingFile(this, file, path);
  }

  readWhole = NODE_FILES.readWhole;
  list = NODE_FILES.list;
  makeFolder = NODE_FILES.makeFolder;

  async rename(from: string, to: string): Promise<void> {
    this.onStep('rename', to);
    await NODE_FILES.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.onStep('remove', path);
    await NODE_FILES.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.onStep('syncFolder', path);
    await NODE_FILES.syncFolder(path);
  }
}

class FailingFile implements File {
  readonly #files: FailingFiles;
  readonly #file: File;
  readonly #path: string;

  constructor(files: FailingFiles, file: File, path: string) {
    this.#files = files;
    this.#file = file;
    this.#path = path;
  }

  size = () => this.#file.size();
  read = (buffer: Buffer, position: number) => this.#file.read(buffer, position);
  close = () => this.#file.close();

  async write(buffers: readonly Buffer[], position: number): Promise<void> {
    this.writeNow(buffers, position);
  }

  writeNow(buffers: readonly Buffer[], position: number): void {
    this.#files.writes++;
    try {
      this.#files.onStep('write', this.#path);
    } catch (error) {
      const torn = Buffer.concat(buffers).subarray(0, this.#files.tornBytes);
      if (torn.length > 0) this.#file.writeNow([torn], position);
      throw error;
    }
    this.#file.writeNow(buffers, position);
  }

  async sync(): Promise<void> {
    this.#files.syncs++;
    this.#files.onStep('sync', this.#path);
    await this.#file.sync();
  }

  async truncate(size: number): Promise<void> {
    this.#files.onStep('truncate', this.#path);
    await this.#file.truncate(size);
  }
}
