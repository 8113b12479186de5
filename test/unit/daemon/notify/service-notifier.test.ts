import { describe, expect, test } from 'vitest';
import type { CommandRequest, NotifyOutcome } from '../../../../src/checker/deliveries/command.ts';
import type { DeliveryReport } from '../../../../src/checker/deliveries/outcomes.ts';
import {
  type IpvsNotification,
  NO_NOTIFICATIONS,
  type ServiceNotification,
} from '../../../../src/config/notification-settings.ts';
import { Notifier } from '../../../../src/daemon/notify/notifier.ts';
import type { HealthChange } from '../../../../src/ipvs/health/health-change.ts';
import { ip } from '../../../../src/net/address.ts';
import type { ServiceKey } from '../../../../src/net/ipvs.ts';
import { seconds } from '../../../../src/net/time.ts';

const COMMAND = (name: string) => ({ command: [name], user: undefined, timeout: seconds(1) });

const WEBHOOK = {
  url: 'http://192.0.2.9/',
  secret: undefined,
  token: undefined,
  timeout: seconds(1),
};

const WEB: ServiceKey = {
  ...{ kind: 'address', family: 'ipv4', protocol: 'tcp' },
  ...{ address: ip('203.0.113.100'), port: 80 },
};

const PLAIN: ServiceNotification = {
  ...{ commands: {}, serverCommands: {}, servers: new Map() },
  ...{ fifo: undefined, webhooks: [] },
};

class Stage {
  readonly lines: string[] = [];
  readonly bodies: Record<string, unknown>[] = [];
  readonly runs: CommandRequest[] = [];
  readonly reports: DeliveryReport[] = [];
  readonly endings: ((outcome: NotifyOutcome) => void)[] = [];
  killed = 0;
  readonly notifier: Notifier;

  constructor(web: Partial<ServiceNotification>, all: Partial<IpvsNotification> = {}) {
    const services = new Map([['web', { ...PLAIN, ...web }]]);
    this.notifier = new Notifier({
      router: 'lb1',
      settings: {
        ...NO_NOTIFICATIONS,
        fifo: '/run/vrrp',
        ipvs: { ...NO_NOTIFICATIONS.ipvs, services, ...all },
      },
      factsOf: () => undefined,
      priorityOf: () => 0,
      report: (report) => this.reports.push(report),
      answer: () => {},
      openFifo: (path) => ({
        write: (line) => this.lines.push(`${path}: ${line.trimEnd()}`) > 0,
        unread: () => 0,
        close: () => {},
      }),
      post: async (_, body) => {
        this.bodies.push(JSON.parse(body));
        return 200;
      },
      sendMail: async () => 250,
      start: (request) => {
        this.runs.push(request);
        const ended = new Promise<NotifyOutcome>((resolve) => this.endings.push(resolve));
        return { ended, kill: () => this.killed++ };
      },
    });
  }

  change(isUp: boolean, last?: number, key = WEB): void {
    const server = last === undefined ? undefined : { address: ip(`10.0.0.${last}`), port: 80 };
    const change: HealthChange = {
      ...{ service: 'web', key, server, isUp },
      ...{ weight: isUp ? 1 : 0, reason: 'ECONNREFUSED' },
    };
    this.notifier.healthChanged(change);
  }

  get commands(): string[] {
    return this.runs.map(({ settings }) => settings.command.join(' '));
  }

  /** Ends the oldest command that runs. */
  async end(): Promise<void> {
    this.endings.shift()?.({ kind: 'done' });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a change of a service or a server', () => {
  test('is a line as keepalived writes it, in the pipes of services only', () => {
    const stage = new Stage({ fifo: '/run/web' }, { fifo: '/run/lvs' });
    stage.change(false, 11);
    stage.change(false);
    const mark: ServiceKey = { kind: 'mark', family: 'ipv4', mark: 7 };
    stage.change(true, 11, mark);
    stage.change(true, undefined, mark);
    expect(stage.lines.filter((line) => line.startsWith('/run/lvs'))).toEqual([
      '/run/lvs: RS [10.0.0.11]:tcp:80 [203.0.113.100]:tcp:80 DOWN',
      '/run/lvs: VS [203.0.113.100]:tcp:80 DOWN',
      '/run/lvs: RS [10.0.0.11]:none:80 FWM 7 UP',
      '/run/lvs: VS FWM 7 UP',
    ]);
    expect(stage.lines.filter((line) => line.startsWith('/run/web'))).toHaveLength(4);
    expect(stage.lines).toHaveLength(8);
  });

  test('is posted once to a receiver of both the service and all services', async () => {
    const stage = new Stage({ webhooks: [WEBHOOK] }, { webhooks: [{ ...WEBHOOK }] });
    stage.change(false, 11);
    stage.change(false);
    await stage.end();
    expect(stage.bodies).toEqual([
      {
        ...{ sequence: 1, router: 'lb1', type: 'server', name: 'web', state: 'DOWN', weight: 0 },
        ...{ service: 'tcp 203.0.113.100:80', server: '10.0.0.11:80', reason: 'ECONNREFUSED' },
        at: expect.any(String),
      },
      expect.objectContaining({ sequence: 2, type: 'service', state: 'DOWN' }),
    ]);
    expect(stage.bodies[1]).not.toHaveProperty('server');
  });

  test('runs the command of the server, or else that for all servers of the service', () => {
    const servers = new Map([['10.0.0.12:80', { down: COMMAND('/own') }]]);
    const stage = new Stage({
      ...{ commands: { up: COMMAND('/up') }, serverCommands: { down: COMMAND('/any') } },
      servers,
    });
    stage.change(false, 11);
    stage.change(false, 12);
    stage.change(true, 11);
    stage.change(true);
    stage.change(false);
    expect(stage.commands).toEqual(['/any', '/own', '/up']);
    expect(stage.runs[0]?.environment).toMatchObject({
      ...{ VRRP_ROUTER: 'lb1', VRRP_TYPE: 'SERVER', VRRP_NAME: 'web', VRRP_STATE: 'DOWN' },
      ...{ VRRP_SERVICE: 'tcp 203.0.113.100:80', VRRP_SERVER: '10.0.0.11:80', VRRP_WEIGHT: '0' },
      VRRP_REASON: 'ECONNREFUSED',
    });
    expect(stage.runs[2]?.environment).toMatchObject({ VRRP_TYPE: 'SERVICE', VRRP_STATE: 'UP' });
    expect(stage.runs[2]?.environment).not.toHaveProperty('VRRP_SERVER');
  });

  test('skips a command that has not begun when the server changes again', async () => {
    const serverCommands = { down: COMMAND('/down'), up: COMMAND('/up') };
    const stage = new Stage({ serverCommands });
    for (const isUp of [false, true, false]) stage.change(isUp, 11);
    await stage.end();
    expect(stage.commands).toEqual(['/down', '/down']);
    expect(stage.reports).toMatchObject([{ subject: 'web', outcome: 'skipped' }]);
  });

  test('of many servers runs sixteen commands at a time', async () => {
    const stage = new Stage({ serverCommands: { down: COMMAND('/down') } });
    for (let last = 1; last <= 20; last++) stage.change(false, last);
    expect(stage.runs).toHaveLength(16);
    await stage.end();
    expect(stage.runs).toHaveLength(17);
    await stage.notifier.close(1);
    expect(stage.killed).toBe(16);
    expect(stage.reports.filter(({ detail }) => detail.includes('too many'))).toHaveLength(3);
  });

  test('goes where a reload says', () => {
    const stage = new Stage({ serverCommands: { down: COMMAND('/down') } }, { fifo: '/run/lvs' });
    stage.notifier.reconfigure(NO_NOTIFICATIONS);
    stage.change(false, 11);
    expect([...stage.lines, ...stage.commands]).toEqual([]);
  });
});
