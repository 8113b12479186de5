import { describe, expect, test } from 'vitest';
import { renderAuthentication } from '../../../../src/cli/render/status-authentication.ts';
import { paletteFor } from '../../../../src/cli/terminal/text.ts';
import type { AuthenticationDocument, StatusDocument } from '../../../../src/control/protocol.ts';

const SCREEN = { palette: paletteFor(false, {}), width: 100, now: new Date(0) };
const SENDER = { address: '192.0.2.12', key: 1, clock_ms: 100 };

function shown(more: Partial<AuthenticationDocument>): string {
  const authentication = {
    ...{ type: 'hmac', mode: 'enforce', keys: [1], active_key: 1, anti_replay: 'time' },
    ...{ window_ms: 5_000, senders: [SENDER] },
    ...more,
  };
  const instances = [{ name: 'web', authentication }, { name: 'mail' }];
  return renderAuthentication({ instances } as unknown as StatusDocument, SCREEN);
}

describe('authentication in status', () => {
  test.each([
    [{}, 'web: hmac enforce: signs with key 1; 192.0.2.12 with key 1'],
    [
      { mode: 'permissive', keys: [1, 2] },
      'web: hmac permissive: signs with key 1, accepts key 2, accepts unsigned; 192.0.2.12 with key 1',
    ],
    [
      { mode: 'receive_only', senders: [] },
      'web: hmac receive_only: signs nothing, accepts key 1, accepts unsigned; no signed advertisement heard',
    ],
    [
      { senders: [{ ...SENDER, clock_ms: -2_600 }] },
      'web: hmac enforce: signs with key 1; 192.0.2.12 with key 1, clock -2.6 s',
    ],
    [
      { senders: [{ ...SENDER, clock_ms: 3_000 }], anti_replay: 'monotonic' },
      'web: hmac enforce: signs with key 1; 192.0.2.12 with key 1',
    ],
  ] as const)('%j', (more, line) => {
    expect(shown(more)).toBe(`\n${line}\n`);
  });

  test('is absent without HMAC', () => {
    const status = { instances: [{ name: 'web' }] } as unknown as StatusDocument;
    expect(renderAuthentication(status, SCREEN)).toBe('');
  });
});
