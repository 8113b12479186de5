/**
 * Replays a recording of `vrrp-agent run --record`: `npm run replay -- FILE [--from SEQ] [--until
 * SEQ]`. Prints what the engine asks for. Exit status 0: it decides as it did then; 1: it does not;
 * 2: the file cannot be read.
 */
import { parseArgs } from 'node:util';
import { replayFile } from './replay/replay-file.ts';

const USAGE = 'usage: npm run replay -- FILE [--from SEQ] [--until SEQ]';

const STATUS = { same: 0, differs: 1, unreadable: 2 } as const;

function main(): 0 | 1 | 2 {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string' }, until: { type: 'string' } },
  });
  const [file, ...others] = positionals;
  const from = Number(values.from ?? 0);
  const until = Number(values.until ?? Number.MAX_SAFE_INTEGER);
  if (file === undefined || others.length > 0 || !Number.isInteger(from + until)) {
    throw new TypeError(USAGE);
  }
  const outcome = replayFile(file, { from, until, print: printLine });
  switch (outcome.kind) {
    case 'same':
      console.log(`same: ${outcome.transitions} transitions in ${outcome.lines} lines`);
      break;
    case 'differs':
      console.log(`differs at seq ${outcome.seq}: ${outcome.message}`);
      break;
    case 'unreadable':
      console.error(`${file}:${outcome.line}: ${outcome.message}`);
      break;
  }
  return STATUS[outcome.kind];
}

/** The time of the wall clock when the process began to record, carried on by the engine's clock. */
function printLine(text: string, seq: number, wall: number): void {
  const time = Number.isNaN(wall) ? '' : timeOf(wall);
  console.log(`${String(seq).padStart(7)}  ${time.padEnd(27)}  ${text}`);
}

/** In UTC, with microseconds. */
function timeOf(wall: number): string {
  const whole = Math.floor(wall);
  const micros = Math.floor((wall - whole) * 1_000);
  return new Date(whole).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
