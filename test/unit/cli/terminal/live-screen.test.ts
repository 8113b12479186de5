import { describe, expect, test } from 'vitest';
import { showLive, type Terminal } from '../../../../src/cli/terminal/live-screen.ts';

/** A terminal of a few rows whose keys the test presses. */
function screen(rows = 4) {
  let written = '';
  let press: (keys: string) => void = () => {};
  let resize = () => {};
  let isOpen = false;
  const terminal: Terminal = {
    rows,
    open: (onKey, onResize) => {
      press = onKey;
      resize = onResize;
      isOpen = true;
      return () => {
        isOpen = false;
      };
    },
  };
  const context = {
    stdout: (text: string) => {
      written += text;
    },
    stderr: () => {},
    setExitCode: () => {},
    isTty: true,
  };
  return {
    ...{ terminal, context },
    press: (keys: string) => press(keys),
    resize: () => resize(),
    get written() {
      return written;
    },
    get isOpen() {
      return isOpen;
    },
  };
}

describe('a text that is drawn again', () => {
  test('fills the screen, is drawn each time, and leaves the terminal as it was', async () => {
    const at = screen();
    let turn = 0;
    const render = () => {
      turn += 1;
      if (turn === 3) at.press('q');
      return Promise.resolve(`turn ${turn}\nb\nc\nd\ne\n`);
    };
    await showLive(at.context, render, at.terminal, 1);
    expect(at.written.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
    expect(at.written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(at.written).toContain(
      '\u001b[Hturn 1\u001b[K\r\nb\u001b[K\r\nc\u001b[K\r\n2 more lines; q ends\u001b[K\u001b[J',
    );
    expect(at.written).toContain('turn 2');
    expect(at.written).not.toContain('turn 3');
    expect(at.isOpen).toBe(false);
  });

  test.each(['q', 'Q', '\u001b', '\u0003'])('ends with the key %j', async (key) => {
    const at = screen();
    const shown = showLive(at.context, () => Promise.resolve('text'), at.terminal, 60_000);
    at.press('x');
    at.press('\u001b[A');
    expect(at.isOpen).toBe(true);
    at.press(key);
    await shown;
    expect(at.isOpen).toBe(false);
  });

  test('shows what is wrong, without control characters, and continues', async () => {
    const at = screen();
    let turn = 0;
    const render = () => {
      turn += 1;
      if (turn === 3) at.press('q');
      return turn === 1 ? Promise.reject(new Error('no agent\u001b[2J')) : Promise.resolve('back');
    };
    await showLive(at.context, render, at.terminal, 1);
    expect(at.written).toContain('vrrp-agent: no agent?[2J');
    expect(at.written).toContain('back');
  });

  test('is drawn again when the window changes', async () => {
    const at = screen();
    const shown = showLive(at.context, () => Promise.resolve('text'), at.terminal, 60_000);
    await new Promise(setImmediate);
    const before = at.written.split('text').length;
    at.resize();
    expect(at.written.split('text').length).toBe(before + 1);
    at.press('q');
    await shown;
  });
});
