import { describe, expect, test } from 'vitest';
import type { CommandRequest, NotifyOutcome } from '../../../../src/checker/deliveries/command.ts';
import type { DeliveryReport } from '../../../../src/checker/deliveries/outcomes.ts';
import {
  type MailMessage,
  type MailSettings,
  NO_NOTIFICATIONS,
  type SubjectNotification,
} from '../../../../src/config/notification-settings.ts';
import type { EventDocument, EventFacts } from '../../../../src/control/protocol.ts';
import { noticeOf, serverNoticeOf } from '../../../../src/daemon/notify/mail-notices.ts';
import { Notifier } from '../../../../src/daemon/notify/notifier.ts';
import { ip } from '../../../../src/net/address.ts';
import { seconds } from '../../../../src/net/time.ts';

const COMMAND = (name: string) => ({ command: [name], user: undefined, timeout: seconds(1) });

const WEBHOOK = {
  url: 'http://192.0.2.9/',
  secret: undefined,
  token: undefined,
  timeout: seconds(1),
};

const MAIL: MailSettings = {
  server: {
    ...{ host: 'mail.example.net', port: 25, tls: 'auto', login: undefined, helo: undefined },
    timeout: seconds(30),
  },
  ...{ from: 'lb1@example.net', to: ['ops@example.net'], topics: ['state', 'error'] },
  ...{ only: ['web'], digest: seconds(60) },
};

class Stage {
  readonly lines: string[] = [];
  readonly bodies: Record<string, unknown>[] = [];
  readonly runs: CommandRequest[] = [];
  readonly killed: string[] = [];
  readonly mails: MailMessage[] = [];
  readonly answers: (readonly [string, number, boolean])[] = [];
  readonly reports: DeliveryReport[] = [];
  readonly notifier: Notifier;
  /** How commands end; undefined: never. */
  outcome: NotifyOutcome | undefined = { kind: 'done' };

  constructor(web: Partial<SubjectNotification> = {}) {
    const subject = { commands: {}, fifo: undefined, webhooks: [], beforeMaster: undefined };
    this.notifier = new Notifier({
      router: 'lb1',
      settings: {
        ...NO_NOTIFICATIONS,
        fifo: '/run/fifo',
        webhooks: [WEBHOOK],
        mail: MAIL,
        instances: new Map([['web', { ...subject, ...web }]]),
      },
      factsOf: () => ({
        vrid: 55,
        family: 'ipv4',
        interface: 'eth0',
        addresses: ['203.0.113.100/32'],
      }),
      priorityOf: () => 150,
      report: (report) => this.reports.push(report),
      answer: (...answer) => this.answers.push(answer),
      openFifo: () => ({
        write: (line) => this.lines.push(line) > 0,
        unread: () => 0,
        close: () => {},
      }),
      post: async (_, body) => {
        this.bodies.push(JSON.parse(body));
        return 200;
      },
      sendMail: async (_, mail) => {
        this.mails.push(mail);
        return 250;
      },
      start: (request) => {
        this.runs.push(request);
        const { outcome } = this;
        const ended =
          outcome === undefined ? new Promise<never>(() => {}) : Promise.resolve(outcome);
        return { ended, kill: () => this.killed.push(request.settings.command.join(' ')) };
      },
    });
  }

  event(facts: EventFacts, seq = 1): void {
    const event = { seq, at: '2026-03-01T10:00:00.250Z', ...facts, message: 'what happened' };
    this.notifier.handle(event as EventDocument);
  }

  transition(to: 'MASTER' | 'BACKUP' | 'FAULT' | 'INIT', from: 'MASTER' | 'BACKUP' = 'BACKUP') {
    const more = {
      event: 'master-timeout',
      cause: 'master-silent',
      reason: 'silence',
      priority: 150,
    } as const;
    this.event({ kind: 'transition', instance: 'web', from, to, ...more });
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a change of state', () => {
  test('is a line as keepalived writes it', () => {
    const stage = new Stage();
    for (const to of ['BACKUP', 'MASTER', 'FAULT', 'INIT'] as const) stage.transition(to);
    expect(stage.lines).toEqual([
      'INSTANCE "web" BACKUP 150\n',
      'INSTANCE "web" MASTER 150\n',
      'INSTANCE "web" FAULT 150\n',
      'INSTANCE "web" STOP 150\n',
    ]);
  });

  test('runs the command of the state, then the one for any, which gets four arguments', async () => {
    const stage = new Stage({ commands: { master: COMMAND('/m'), any: COMMAND('/a') } });
    stage.transition('MASTER');
    await stage.settle();
    expect(stage.runs.map((run) => [...run.settings.command, ...run.arguments])).toEqual([
      ['/m'],
      ['/a', 'INSTANCE', 'web', 'MASTER', '150'],
    ]);
    expect(stage.runs[0]?.environment).toMatchObject({
      VRRP_NAME: 'web',
      VRRP_STATE: 'MASTER',
      VRRP_FROM: 'BACKUP',
      VRRP_PRIORITY: '150',
      VRRP_CAUSE: 'master-silent',
      VRRP_REASON: 'silence',
      VRRP_VRID: '55',
      VRRP_ADDRESSES: '203.0.113.100/32',
      VRRP_REPEATED: '0',
    });
  });

  test('is posted once to a receiver of both agent and instance', async () => {
    const stage = new Stage({ webhooks: [WEBHOOK] });
    stage.transition('MASTER');
    await stage.settle();
    expect(stage.bodies).toEqual([
      expect.objectContaining({ sequence: 1, router: 'lb1', name: 'web', state: 'MASTER', seq: 1 }),
    ]);
  });
});

describe('a MASTER beside another one', () => {
  test('writes its own line, and the winner notifies again', async () => {
    const stage = new Stage({ commands: { master: COMMAND('/m') } });
    stage.transition('MASTER');
    await stage.settle();
    stage.event({
      ...{ kind: 'dual-master', instance: 'web', peer: '192.0.2.12', peer_priority: 50 },
      evidence: null,
    });
    stage.event(
      { kind: 'dual-master-ended', instance: 'web', peer: '192.0.2.12', duration_ms: 900 },
      7,
    );
    await stage.settle();
    expect(stage.lines.slice(1)).toEqual([
      'INSTANCE "web" MASTER_RX_LOWER_PRI 150\n',
      'INSTANCE "web" MASTER 150\n',
    ]);
    expect(stage.runs).toHaveLength(2);
    expect(stage.bodies.at(-1)).toMatchObject({ repeated: true, seq: 7 });
  });

  test('does not notify again when it has lost', () => {
    const stage = new Stage();
    stage.transition('BACKUP', 'MASTER');
    stage.event({ kind: 'dual-master-ended', instance: 'web', peer: '192.0.2.12', duration_ms: 9 });
    expect(stage.lines).toHaveLength(1);
  });
});

describe('before_master', () => {
  const asked = { kind: 'before-master', instance: 'web', id: 3, outcome: 'asked' } as const;

  test.each([
    [{ kind: 'done' } as const, true],
    [{ kind: 'failed', detail: 'exit status 1' } as const, false],
  ])('that is %o answers %s', async (outcome, granted) => {
    const stage = new Stage({ beforeMaster: COMMAND('/b') });
    stage.outcome = outcome;
    stage.event(asked);
    await stage.settle();
    expect(stage.answers).toEqual([['web', 3, granted]]);
  });

  test('is killed when the instance decides without it', () => {
    const stage = new Stage({ beforeMaster: COMMAND('/b') });
    stage.outcome = undefined;
    stage.event(asked);
    stage.event({ ...asked, outcome: 'timed-out' });
    expect(stage.killed).toEqual(['/b']);
  });

  test('is granted if the command is no longer configured', () => {
    const stage = new Stage();
    stage.event(asked);
    expect(stage.answers).toEqual([['web', 3, true]]);
  });
});

describe('another configuration', () => {
  test('keeps remaining receivers and their sequence numbers', async () => {
    const stage = new Stage();
    stage.transition('BACKUP');
    await stage.settle();
    stage.notifier.reconfigure({ ...NO_NOTIFICATIONS, webhooks: [{ ...WEBHOOK }] });
    stage.transition('MASTER');
    await stage.settle();
    expect(stage.bodies.map((body) => body['sequence'])).toEqual([1, 2]);
    expect(stage.lines).toHaveLength(1);
  });
});

describe('mail', () => {
  test('reports what is configured, with names in the subject, when the agent stops at the latest', async () => {
    const stage = new Stage();
    stage.transition('MASTER');
    stage.event({ kind: 'ipvs-service-down', service: 'web' }, 2);
    stage.event({ kind: 'group', group: 'other', from: 'BACKUP', to: 'MASTER' }, 3);
    stage.event({ kind: 'configuration-refused', file: '/etc/x.yaml', errors: 1 }, 4);
    await stage.notifier.close();
    expect(stage.mails).toHaveLength(1);
    const [mail] = stage.mails;
    expect(mail).toMatchObject({
      from: 'lb1@example.net',
      to: ['ops@example.net'],
      subject: '[lb1] web: what happened and 1 more',
    });
    expect(mail?.id).toMatch(/^<[0-9a-z]+\.1\.lb1@example\.net>$/);
    expect(mail?.text.split('\n').slice(0, 2)).toEqual([
      '2026-03-01T10:00:00.250Z  web: what happened',
      '2026-03-01T10:00:00.250Z  what happened',
    ]);
    expect(stage.notifier.counts().mail).toEqual({ done: 1, failed: 0, skipped: 0, lost: 0 });
  });

  test.each(['ipvs-quorum-lost', 'ipvs-quorum-reached'] as const)(
    '%s is about a service',
    (kind) => {
      const facts = {
        kind,
        service: 'web',
        live: 1,
        needed: 3,
        seq: 1,
        at: '2026-03-01T10:00:00.250Z',
        message: 'what happened',
      };
      const event = facts as unknown as EventDocument;
      expect(noticeOf(event, { ...MAIL, topics: ['service'] })?.title).toBe('web: what happened');
      expect(noticeOf(event, { ...MAIL, topics: ['server'] })).toBeUndefined();
    },
  );

  test('has each server that goes down, however many there are', () => {
    const change = {
      ...{ service: 'web', isUp: false, weight: 0, reason: 'ECONNREFUSED\r\nBcc: x' },
      key: { kind: 'mark', family: 'ipv4', mark: 7 } as const,
      server: { address: ip('10.0.0.11'), port: 80 },
    };
    const settings = { ...MAIL, topics: ['server'] as const };
    expect(serverNoticeOf(change, 'now', settings)).toEqual({
      title: 'web: 10.0.0.11:80 is down: ECONNREFUSED Bcc: x',
      line: 'now  web: 10.0.0.11:80 is down: ECONNREFUSED Bcc: x',
    });
    expect(serverNoticeOf({ ...change, server: undefined }, 'now', settings)).toBeUndefined();
    expect(serverNoticeOf(change, 'now', { ...settings, only: ['mail'] })).toBeUndefined();
    expect(serverNoticeOf(change, 'now', { ...MAIL, topics: ['state'] })).toBeUndefined();
  });

  test('reports no mail that was not delivered', async () => {
    const stage = new Stage();
    const more = {
      instance: null,
      target: 'mail.example.net:25',
      outcome: 'lost',
      detail: 'x',
    } as const;
    stage.event({ kind: 'notification', channel: 'mail', ...more });
    await stage.notifier.close();
    expect(stage.mails).toEqual([]);
  });

  test('waits for what was gathered when a reload takes it away', async () => {
    const stage = new Stage();
    stage.transition('MASTER');
    stage.notifier.reconfigure(NO_NOTIFICATIONS);
    await stage.settle();
    expect(stage.mails).toHaveLength(1);
    stage.transition('BACKUP');
    await stage.notifier.close();
    expect(stage.mails).toHaveLength(1);
  });
});
