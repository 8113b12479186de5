import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ControlCommands } from '../../../src/control/commands.ts';
import type { IpvsDocument } from '../../../src/control/ipvs-document.ts';
import type { OperatorAccess } from '../../../src/control/operator-commands.ts';
import { type ControlLimits, ControlServer } from '../../../src/control/server.ts';
import { instant } from '../../../src/net/time.ts';
import { AgentModel } from '../../../src/observe/model.ts';
import { anchoredWallClock } from '../../../src/observe/wall-clock.ts';
import { CounterTable, countersLength } from '../../../src/protocol/engine/counters.ts';
import { AT, settingsOf } from '../observe/samples.ts';

/** A path for a socket, in a directory that is removed after the test. */
export function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'run', 'control.sock');
}

export function modelOf(...names: string[]): AgentModel {
  return new AgentModel({
    version: '0.1.0',
    pid: process.pid,
    startedAt: AT,
    settings: settingsOf(...names),
    counters: new CounterTable(new Float64Array(countersLength(names.length))),
    wallClock: anchoredWallClock({ instant: instant(0), at: AT }),
  });
}

export interface RunningControl {
  readonly socket: string;
  readonly model: AgentModel;
  readonly server: ControlServer;
  /** Resolves when a client follows the events. */
  readonly followed: Promise<void>;
}

/** A server that is closed after the test. */
export async function runControl(
  options: {
    readonly model?: AgentModel;
    readonly limits?: Partial<ControlLimits>;
    readonly config?: () => unknown;
    readonly commands?: ControlCommands;
    readonly onError?: (error: unknown) => void;
    readonly operators?: OperatorAccess;
    readonly ipvs?: () => IpvsDocument | undefined;
  } = {},
): Promise<RunningControl> {
  const socket = socketPath();
  const { model = modelOf('web'), limits, onError, commands } = options;
  let tellFollowed = () => {};
  const followed = new Promise<void>((resolve) => {
    tellFollowed = resolve;
  });
  const server = await ControlServer.listen({
    socket,
    access: { mode: 0o660 },
    source: {
      status: () => model.status(),
      eventsAfter: (sequence) => model.eventsAfter(sequence),
      subscribe: (listener) => {
        tellFollowed();
        return model.subscribe(listener);
      },
      config: options.config ?? (() => ({ router: 'lb1' })),
      ...(options.ipvs === undefined ? {} : { ipvs: options.ipvs }),
    },
    ...(commands === undefined ? {} : { commands }),
    ...(options.operators === undefined ? {} : { operators: options.operators }),
    ...(limits === undefined ? {} : { limits }),
    ...(onError === undefined ? {} : { onError }),
  });
  onTestFinished(() => server.close());
  return { socket, model, server, followed };
}
