/** One line about work that takes long, on a terminal only; it is gone when the work has ended. */
import type { CliContext } from './context.ts';
import { fitted, printable } from './text.ts';

const ERASE = '\r\u001b[K';
const INTERVAL_MS = 250;

/** What is done sooner needs no line. */
const DELAY_MS = 500;

const WIDTH = 79;

/** `line` gets the milliseconds since the start. */
export async function withProgress<Result>(
  context: CliContext,
  line: (elapsedMs: number) => string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (context.isErrorTty !== true) return work();
  const progress = new ProgressLine(context, line);
  try {
    return await work();
  } finally {
    progress.end();
  }
}

/** Lines may be printed above it in the meantime. */
export class ProgressLine {
  readonly #context: CliContext;
  readonly #line: (elapsedMs: number) => string;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #isShown = false;

  constructor(context: CliContext, line: (elapsedMs: number) => string) {
    this.#context = context;
    this.#line = line;
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
  }

  /** A line that stays. */
  print(line: string): void {
    this.#erase();
    this.#context.stderr(`${line}\n`);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #erase(): void {
    if (this.#isShown) this.#context.stderr(ERASE);
    this.#isShown = false;
  }

  #draw(): void {
    const elapsed = performance.now() - this.#began;
    if (elapsed < DELAY_MS) return;
    this.#isShown = true;
    this.#context.stderr(`${ERASE}${fitted(printable(this.#line(elapsed)), WIDTH)}`);
  }
}

/** `4 s of 10 s`. */
export function ofTime(elapsedMs: number, wholeMs: number): string {
  return `${Math.floor(elapsedMs / 1_000)} s of ${Math.round(wholeMs / 1_000)} s`;
}
