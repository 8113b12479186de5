/** A text that is drawn again and again on the terminal, until `q`: `--watch`. */
import type { CliContext } from './context.ts';
import { printable } from './text.ts';

const ESC = '\u001b[';

/** Alternate screen without a cursor, and back (xterm control sequences; every terminal of today has them). */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;

const HOME = `${ESC}H`;
const TO_END_OF_LINE = `${ESC}K`;
const TO_END_OF_SCREEN = `${ESC}J`;

const INTERVAL_MS = 1_000;

/** The keyboard and the size of a terminal; tests supply their own. */
export interface Terminal {
  readonly rows: number;
  /** Calls `onKey` with what is typed, and `onResize`; returns a function that ends it. */
  open(onKey: (text: string) => void, onResize: () => void): () => void;
}

export function processTerminal(): Terminal {
  const { stdin, stdout } = process;
  return {
    get rows() {
      return stdout.rows ?? 24;
    },
    open: (onKey, onResize) => {
      const take = (data: Buffer) => onKey(data.toString('utf8'));
      const quit = () => onKey('q');
      if (stdin.isTTY) stdin.setRawMode(true);
      stdin.on('data', take).resume();
      stdout.on('resize', onResize);
      process.on('SIGTERM', quit).on('SIGINT', quit).on('SIGHUP', quit);
      return () => {
        stdin.off('data', take).pause();
        if (stdin.isTTY) stdin.setRawMode(false);
        stdout.off('resize', onResize);
        process.off('SIGTERM', quit).off('SIGINT', quit).off('SIGHUP', quit);
      };
    },
  };
}

/**
 * Resolves when the user ends it with `q`, Escape or Ctrl-C. What `render` rejects with is shown in the place of
 * the text: an agent that restarts is there again a moment later.
 */
export async function showLive(
  context: CliContext,
  render: () => Promise<string>,
  terminal = processTerminal(),
  intervalMs = INTERVAL_MS,
): Promise<void> {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let text = '';
  const draw = () => context.stdout(frame(text, terminal.rows));
  const close = terminal.open((keys) => {
    if (isEnd(keys)) end();
  }, draw);
  context.stdout(ENTER);
  try {
    let hasEnded = false;
    void ended.then(() => {
      hasEnded = true;
    });
    while (!hasEnded) {
      text = await render().catch((error: unknown) => troubleText(error));
      if (!hasEnded) draw();
      await Promise.race([ended, sleep(intervalMs)]);
    }
  } finally {
    close();
    context.stdout(LEAVE);
  }
}

function isEnd(keys: string): boolean {
  return keys === 'q' || keys === 'Q' || keys === '\u001b' || keys.includes('\u0003');
}

/** As many lines as the screen has; the last one says how to leave. */
function frame(text: string, rows: number): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const room = Math.max(1, rows - 1);
  const shown = lines.slice(0, room);
  const more = lines.length - shown.length;
  const foot = more > 0 ? `${more} more lines; q ends` : 'q ends';
  const drawn = [...shown, foot].map((line) => `${line}${TO_END_OF_LINE}`);
  return `${HOME}${drawn.join('\r\n')}${TO_END_OF_SCREEN}`;
}

function troubleText(error: unknown): string {
  return `vrrp-agent: ${printable(error instanceof Error ? error.message : String(error))}\n`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
