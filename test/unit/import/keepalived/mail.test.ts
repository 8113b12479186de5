/** The mail of keepalived.conf. */
import { describe, expect, test } from 'vitest';
import { imported } from '../import-tool.ts';

const GLOBALS = `
  notification_email {
    ops@example.net
    night@example.net
  }
  notification_email_from lb1@example.net
  smtp_server 192.0.2.25 2525
  smtp_connect_timeout 10`;

const instance = (name: string, vrid: number, more = '') => `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${vrid}
  virtual_ipaddress {
    203.0.113.${vrid}
  }
  ${more}
}
`;

const SERVICE = `virtual_server 203.0.113.9 80 {
  protocol TCP
  lb_kind NAT
  real_server 10.0.0.1 80 {
    TCP_CHECK {
    }
  }
}
`;

const file = (globals: string, rest: string) => imported(`global_defs {${globals}\n}\n${rest}`);

describe('mail', () => {
  test('of what has smtp_alert is carried over', () => {
    const { document, lines, statements } = file(
      GLOBALS,
      instance('web', 51, 'smtp_alert') + instance('mail', 52),
    );
    expect(document.notify.mail).toEqual({
      server: '192.0.2.25:2525',
      from: 'lb1@example.net',
      to: ['ops@example.net', 'night@example.net'],
      events: ['state'],
      only: ['web'],
      timeout: '10s',
    });
    expect(lines).toEqual([]);
    expect(statements.listed).toBe(0);
  });

  test.each([
    ['smtp_alert', '', ['state', 'server', 'service']],
    ['smtp_alert_vrrp', '', ['state', 'server']],
    ['smtp_alert off\n  smtp_alert_vrrp on', '', ['state']],
    ['no_checker_emails\n  smtp_alert', '', ['state']],
    ['', 'smtp_alert', ['state', 'server']],
    ['', '', ['server']],
  ])('with "%s" for all and "%s" for the instance is about %j', (global, own, events) => {
    const text = `${GLOBALS}\n  ${global}`;
    const { document } = file(text, instance('web', 51, own) + SERVICE);
    expect(document.notify.mail.events).toEqual(events);
    expect(document.notify.mail.only).toBeUndefined();
  });

  test('that keepalived does not send is no loss', () => {
    const { document, of } = file(GLOBALS, instance('web', 51));
    expect(document.notify).toBeUndefined();
    expect(of('lost')).toEqual([]);
    expect(of('ignored')).toContain(
      'smtp_connect_timeout 10: keepalived sends no mail: nothing has smtp_alert',
    );
  });

  test('stands beside the FIFO', () => {
    const { document } = file(
      `${GLOBALS}\n  vrrp_notify_fifo /run/fifo`,
      instance('web', 51, 'smtp_alert'),
    );
    expect(document.notify).toMatchObject({ fifo: '/run/fifo', mail: { events: ['state'] } });
  });

  test('loses an address that is none, and no more than that', () => {
    const { document, of } = file(
      `${GLOBALS}\n  notification_email {\n root\n }`,
      instance('web', 51, 'smtp_alert'),
    );
    expect(document.notify.mail.to).toEqual(['ops@example.net', 'night@example.net']);
    expect(of('lost')).toEqual([expect.stringMatching(/^root: expected a mail address/)]);
  });

  test('without a sender gets the one of keepalived', () => {
    const text = `
  router_id lb1
  notification_email {
    ops@example.net
  }
  smtp_server 2001:db8::25
  smtp_alert`;
    const { document, of } = file(text, instance('web', 51));
    expect(document.notify.mail).toMatchObject({
      server: '[2001:db8::25]',
      from: 'keepalived@lb1',
    });
    expect(of('changed')).toEqual([expect.stringContaining('notification_email_from is missing')]);
  });
});
