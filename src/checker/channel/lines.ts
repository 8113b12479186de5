/** Splits a stream into lines, of bounded length. */

export class LineReader {
  readonly #limit: number;
  #rest = '';

  /** `limit`: in characters. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that are complete with this chunk. Throws if one is longer than the limit. */
  read(chunk: string): string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if ([...lines, this.#rest].some(({ length }) => length > this.#limit)) {
      throw new Error(`a line is longer than ${this.#limit} characters`);
    }
    return lines;
  }
}
