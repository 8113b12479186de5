/**
 * Measures the delay that the host itself causes: on each core an idle loop at real-time priority that wakes
 * up every 2 ms. No program on this host can be more punctual. A loop of 10 ms would not notice a core that
 * stands still for 9 ms between two of its wake-ups.
 */
import { spawn } from 'node:child_process';

export interface NoiseFloor {
  readonly policy: 'SCHED_RR' | 'SCHED_OTHER';
  readonly wakeUps: number;
  readonly maxMilliseconds: number;
  /** Wake-ups later than 1, 5 and 10 ms. */
  readonly over: { readonly 1: number; readonly 5: number; readonly 10: number };
}

/** Ends when its standard input is closed, also if its parent dies. */
const LOOP = `
import gc, json, os, select, sys, time
gc.disable()
policy = "SCHED_RR"
try: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
except OSError: policy = "SCHED_OTHER"
cores = sorted(os.sched_getaffinity(0))
core = cores[0]
for other in cores[1:]:
    if os.fork() == 0:
        core = other
        break
os.sched_setaffinity(0, {core})
step, ticks, worst, over = 2_000_000, 0, 0, {1: 0, 5: 0, 10: 0}
at = time.monotonic_ns() + step
while True:
    time.sleep(max(0, at - time.monotonic_ns()) / 1e9)
    late = time.monotonic_ns() - at
    ticks += 1
    worst = max(worst, late)
    for bound in over:
        if late > bound * 1_000_000: over[bound] += 1
    at += step * (1 + max(0, late) // step)
    if ticks % 100 == 0 and select.select([sys.stdin], [], [], 0)[0]: break
print(json.dumps({"policy": policy, "wakeUps": ticks, "maxMilliseconds": worst / 1e6, "over": over}))
`;

/** `floor` is undefined without python3. */
export async function besideBareLoop<Value>(
  use: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly floor: NoiseFloor | undefined }> {
  const loop = spawn('python3', ['-c', LOOP], { stdio: ['pipe', 'pipe', 'ignore'] });
  let text = '';
  loop.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<void>((resolve) => {
    loop.once('error', () => resolve()).once('close', () => resolve());
  });
  loop.stdin.on('error', () => {});
  try {
    const value = await use();
    loop.stdin.end();
    await ended;
    return { value, floor: floorOf(text) };
  } finally {
    loop.stdin.end();
  }
}

/** Of all cores; each has printed a line. */
function floorOf(text: string): NoiseFloor | undefined {
  const cores = text.split('\n').filter((line) => line !== '');
  return cores
    .map((line) => JSON.parse(line) as NoiseFloor)
    .reduce<NoiseFloor | undefined>(worse, undefined);
}

function worse(one: NoiseFloor | undefined, other: NoiseFloor): NoiseFloor {
  if (one === undefined) return other;
  return {
    policy: one.policy === 'SCHED_RR' ? other.policy : one.policy,
    wakeUps: one.wakeUps + other.wakeUps,
    maxMilliseconds: Math.max(one.maxMilliseconds, other.maxMilliseconds),
    over: {
      1: one.over[1] + other.over[1],
      5: one.over[5] + other.over[5],
      10: one.over[10] + other.over[10],
    },
  };
}

export function floorText({ policy, wakeUps, maxMilliseconds, over }: NoiseFloor): string {
  return (
    `Noise floor, a bare loop of 2 ms on each core (${policy}, ${wakeUps} wake-ups): late by at most ${maxMilliseconds.toFixed(2)} ms; ` +
    `by more than 1 ms: ${over[1]}, 5 ms: ${over[5]}, 10 ms: ${over[10]}`
  );
}
