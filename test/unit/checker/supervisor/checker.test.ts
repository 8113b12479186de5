import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FromChecker, ToChecker } from '../../../../src/checker/channel/messages.ts';
import { CheckedProbes } from '../../../../src/checker/supervisor/checked-probes.ts';
import { Checker, type CheckerFacts } from '../../../../src/checker/supervisor/checker.ts';
import type { ChildEvents } from '../../../../src/checker/supervisor/checker-child.ts';
import type { Privileges } from '../../../../src/kernel/process/privileges.ts';
import { ip } from '../../../../src/net/address.ts';
import { type ProbeSettings, probeName } from '../../../../src/net/probe.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const NONE: Privileges = {
  user: undefined,
  capabilities: [],
  keepsForPrograms: false,
  noNewPrivileges: true,
};

const TIMING = { interval: seconds(1), timeout: milliseconds(500), rise: 1, fall: 1 };
const TCP: ProbeSettings = {
  ...TIMING,
  kind: 'tcp',
  endpoint: { address: ip('192.0.2.9'), port: 80 },
};
const NAME = probeName(TCP);
const HOOK = { url: 'http://192.0.2.9/', secret: undefined, token: undefined, timeout: seconds(2) };

interface FakeChild {
  readonly sent: ToChecker[];
  readonly privileges: Privileges;
  readonly says: (message: FromChecker) => void;
  readonly ends: (why?: string) => void;
  isKilled: boolean;
  /** It waits for a disk in the kernel, and does not even end when it is killed. */
  isStuck: boolean;
  isEnded: boolean;
  memory: number;
}

/** A checker whose processes the test plays. They are alive unless it says otherwise. */
function rig() {
  const children: FakeChild[] = [];
  const facts: CheckerFacts[] = [];
  const changes: string[] = [];
  const errors: string[] = [];
  const checker = new Checker({
    start: (privileges: Privileges, events: ChildEvents) => {
      const child: FakeChild = {
        sent: [],
        privileges,
        says: events.message,
        ends: (why = 'killed by SIGKILL') => events.gone(why),
        isKilled: false,
        isStuck: false,
        isEnded: false,
        memory: 50e6,
      };
      children.push(child);
      return {
        pid: 1_000 + children.length,
        send: (message) => child.sent.push(message),
        look: () => child.memory,
        end: () => {
          child.isEnded = true;
        },
        kill: () => {
          child.isKilled = true;
          if (!child.isStuck) events.gone('killed by SIGKILL');
        },
      };
    },
    report: (one) => facts.push(one),
    onError: (detail) => errors.push(detail),
  });
  const probes = new CheckedProbes({
    checker,
    changed: (_, { up, value }) =>
      changes.push(`${up ? 'up' : 'down'}${value === undefined ? '' : ` ${value}`}`),
    lost: () => changes.push('unknown'),
  });
  const latest = () => {
    const child = children.at(-1);
    if (child === undefined) throw new Error('no checker was started');
    return child;
  };
  const start = (settings: ProbeSettings = TCP) => {
    checker.configure(NONE);
    probes.reconfigure([settings]);
    latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
    return latest();
  };
  /** Lets time pass, in which the process says every second that it is alive. */
  const live = async (forMs: number, alive = true) => {
    for (let passed = 0; passed < forMs; passed += 1_000) {
      await vi.advanceTimersByTimeAsync(1_000);
      if (alive) latest().says({ kind: 'alive', wait: 0 });
    }
  };
  return { checker, children, errors, facts, changes, probes, latest, start, live };
}

const found = (up: boolean, value?: number): FromChecker => {
  return { kind: 'changed', id: 1, up, value, detail: up ? 'connected' : 'ECONNREFUSED' };
};
const ran = (at: number): FromChecker => {
  return {
    kind: 'ran',
    runs: [{ id: 1, runs: 1, failures: 0, overruns: 0, detail: 'EMFILE', at }],
  };
};

describe('the checker process', () => {
  test('is started when something needs it, and ends when nothing does', () => {
    const { checker, children, latest } = rig();
    checker.configure(undefined);
    expect([children.length, checker.status]).toEqual([0, undefined]);
    checker.configure(NONE);
    checker.configure(NONE);
    expect(children).toHaveLength(1);
    expect(checker.status).toMatchObject({ state: 'starting', pid: 1_001, restarts: 0 });
    checker.configure(undefined);
    expect([latest().isEnded, checker.status]).toEqual([true, undefined]);
  });

  test('gets its probes once it is ready, and later ones immediately', () => {
    const { checker, probes, latest } = rig();
    checker.configure(NONE);
    probes.reconfigure([TCP]);
    expect(latest().sent).toEqual([]);
    latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
    probes.reconfigure([{ ...TCP, fall: 3 }]);
    expect(latest().sent).toMatchObject([
      { kind: 'watch', id: 1, settings: TCP },
      { kind: 'unwatch', id: 1 },
      { kind: 'watch', id: 2 },
    ]);
  });

  test('is replaced when other privileges are needed, which is no failure', () => {
    const { checker, children, facts, start } = rig();
    const former = start();
    former.says(found(true));
    checker.configure({ ...NONE, capabilities: ['NET_RAW'] });
    expect([children.length, former.isEnded]).toEqual([2, true]);
    former.ends('ended with status 0');
    children[1]?.says({ kind: 'ready', capabilities: '2000', uid: 0 });
    expect(children[1]?.sent).toMatchObject([{ kind: 'watch', id: 1, known: { up: true } }]);
    expect(facts).toEqual([]);
  });

  test('that does not end when it is asked to is killed', async () => {
    const { checker, start } = rig();
    const child = start();
    const closed = checker.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await closed;
    expect([child.isEnded, child.isKilled]).toEqual([true, true]);
  });
});

describe('FR-O11 a checker process', () => {
  test('that is killed is started again, and its states are kept', async () => {
    const { children, facts, changes, start, latest, live } = rig();
    start().says(found(true));
    await live(3_000);
    latest().ends();
    await vi.advanceTimersByTimeAsync(300);
    expect(children).toHaveLength(2);
    latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
    expect(latest().sent).toMatchObject([{ kind: 'watch', known: { up: true } }]);
    expect(changes).toEqual(['up']);
    expect(facts).toMatchObject([
      { kind: 'checker-lost', reason: 'killed by SIGKILL', failures: 1 },
      { kind: 'checker-recovered', pid: 1_002, restarts: 1 },
    ]);
  });

  test('that cannot stay up makes states unknown after 30 s, never down', async () => {
    const { checker, children, facts, changes, start, latest } = rig();
    start().says(found(false));
    for (let second = 0; second < 29; second++) {
      latest().ends('ended with status 1');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(changes).toEqual(['down']);
    for (let second = 0; second < 4; second++) {
      latest().ends('ended with status 1');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(changes).toEqual(['down', 'unknown']);
    expect(facts.at(-1)).toMatchObject({ kind: 'checks-unknown', checks: 1 });
    // The pauses grow: 0.25, 0.5, 1, 2, 4, 8, 16 s.
    expect(children.length).toBeLessThan(9);
    latest().ends('ended with status 1');
    expect(checker.status).toMatchObject({
      state: 'waiting',
      lastEnd: { reason: 'ended with status 1' },
    });
  });

  test('that hangs is killed after 10 s, and started again', async () => {
    const { children, facts, changes, start, live } = rig();
    const child = start();
    child.says(found(true));
    await live(5_000);
    await live(9_000, false);
    expect(child.isKilled).toBe(false);
    await live(3_000, false);
    expect([child.isKilled, children.length]).toEqual([true, 2]);
    expect(facts).toMatchObject([{ kind: 'checker-lost', reason: 'it hung' }]);
    expect(changes).toEqual(['up']);
  });

  test('that the kernel does not end is replaced 5 s after it was killed', async () => {
    const { children, facts, start, live } = rig();
    const child = start();
    child.isStuck = true;
    await live(11_000, false);
    expect([child.isKilled, children.length]).toEqual([true, 1]);
    await live(8_000, false);
    expect(children).toHaveLength(2);
    expect(facts).toMatchObject([{ kind: 'checker-lost', reason: 'it hung' }]);
    child.ends();
    child.says(found(true));
    expect([children.length, facts.length]).toEqual([2, 1]);
  });

  test('that the kernel does not end delays the end of the agent by seconds', async () => {
    const { checker, start } = rig();
    const child = start();
    child.isStuck = true;
    let isClosed = false;
    void checker.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect([child.isEnded, child.isKilled, isClosed]).toEqual([true, true, false]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isClosed).toBe(true);
  });

  test('may take a minute to start, and no longer', async () => {
    const { checker, latest } = rig();
    checker.configure(NONE);
    const child = latest();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(child.isKilled).toBe(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect([child.isKilled, checker.status?.lastEnd?.reason]).toEqual([true, 'it hung']);
  });

  test('that uses too much memory is killed', async () => {
    const { facts, start, live } = rig();
    const child = start();
    child.memory = 2e9;
    await live(1_000);
    expect(facts).toMatchObject([{ kind: 'checker-lost', reason: 'it used too much memory' }]);
  });

  test('is not blamed for the time in which the agent itself stood still', async () => {
    const { changes, start, live } = rig();
    const child = start();
    child.says(found(true));
    await live(2_000);
    const now = performance.now() + 60_000;
    vi.spyOn(performance, 'now').mockReturnValue(now);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([child.isKilled, changes]).toEqual([false, ['up']]);
    vi.restoreAllMocks();
  });

  test('that runs and cannot look makes a state unknown, and begins with it again', async () => {
    const { changes, start, latest, live } = rig();
    start().says(found(true));
    for (let second = 0; second < 33; second++) {
      latest().says(ran(0));
      await live(1_000);
    }
    expect(changes).toEqual(['up', 'unknown']);
    expect(latest().sent.at(-1)).toMatchObject({ kind: 'watch', id: 1 });
    expect(latest().sent.at(-1)).not.toMatchObject({ known: { up: true } });
    latest().says(found(true));
    expect(changes).toEqual(['up', 'unknown', 'up']);
  });

  test('that confirms a state keeps it, and its counts survive a restart', async () => {
    const { changes, probes, start, latest, live } = rig();
    start().says(found(true));
    for (let second = 0; second < 60; second++) {
      latest().says(ran(Date.now()));
      await live(1_000);
    }
    latest().ends();
    await vi.advanceTimersByTimeAsync(300);
    latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
    latest().says(ran(Date.now()));
    expect(changes).toEqual(['up']);
    expect(probes.reading(NAME)).toMatchObject({ runs: 61, failures: 0 });
  });

  test('of a check with a long interval keeps the state for two of them', async () => {
    const { changes, start, live } = rig();
    const rare: ProbeSettings = { ...TCP, interval: seconds(60) };
    start(rare).says({ ...found(true) });
    await live(119_000);
    expect(changes).toEqual(['up']);
    await live(3_000);
    expect(changes).toEqual(['up', 'unknown']);
  });
});

describe('FR-O5 a delivery by the checker process', () => {
  test('is answered with the status, or with the error', async () => {
    const { checker, start } = rig();
    const child = start();
    const [one, two] = [checker.post(HOOK, '{}'), checker.post(HOOK, '{}')];
    const [first, second] = child.sent.slice(-2).map((message) => message as { id: number });
    child.says({ kind: 'posted', id: second?.id ?? 0, status: 204 });
    child.says({ kind: 'post-failed', id: first?.id ?? 0, detail: 'socket hang up' });
    expect(await two).toBe(204);
    await expect(one).rejects.toThrow('socket hang up');
  });

  test('waits for a process that is just starting', async () => {
    const { checker, latest } = rig();
    checker.configure(NONE);
    const posted = checker.post(HOOK, '{}');
    expect(latest().sent).toEqual([]);
    latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
    expect(latest().sent).toMatchObject([{ kind: 'post', id: 1, body: '{}' }]);
    latest().says({ kind: 'posted', id: 1, status: 200 });
    expect(await posted).toBe(200);
  });

  test('ends when the process does, and when it says nothing', async () => {
    const { checker, start, latest, live } = rig();
    start();
    const silent = expect(checker.post(HOOK, '{}')).rejects.toThrow('no answer in time');
    await live(5_000);
    await silent;
    const lost = expect(checker.post(HOOK, '{}')).rejects.toThrow('the checker process ended');
    latest().ends();
    await lost;
    await expect(checker.post(HOOK, '{}')).rejects.toThrow('the checker process is down');
  });
});

describe('a process that was broken into', () => {
  test('cannot report a number that the check does not have', () => {
    const { changes, start } = rig();
    start({ ...TCP }).says(found(true, 1e9));
    expect(changes).toEqual(['up']);
  });

  test('cannot leave the range of a weight or of a number in a file', () => {
    const weight = { reads: 'weight', smoothing: 0, minimum: 1, maximum: 100 } as const;
    const script = { ...TIMING, kind: 'script', argv: ['/bin/load'], user: undefined } as const;
    const one = rig();
    one.start({ ...script, weight }).says(found(true, 1e9));
    expect(one.changes).toEqual(['up 100']);
    const two = rig();
    const file = { ...TIMING, kind: 'file', path: '/run/number', reads: 'number' } as const;
    two.start(file).says(found(true, -1e9));
    expect(two.changes).toEqual(['up -254']);
  });
});

test('states of the former process are the beginning after a takeover', () => {
  const { checker, probes, latest } = rig();
  checker.configure(NONE);
  probes.remember([[NAME, { up: false, value: undefined }]]);
  probes.reconfigure([TCP]);
  latest().says({ kind: 'ready', capabilities: '0', uid: 0 });
  expect(latest().sent).toMatchObject([{ kind: 'watch', known: { up: false } }]);
});

test('faults of a probe are logged at 1, 2, 4, 8 and so on', () => {
  const { errors, start } = rig();
  const child = start();
  for (let count = 1; count <= 5; count++) child.says({ kind: 'error', detail: `${count}` });
  expect(errors).toEqual(['1', '2', '4']);
});
