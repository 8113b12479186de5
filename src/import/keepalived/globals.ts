/** Converts the parts of `global_defs` that have an equivalent. */

import type { Draft, Keys } from './draft.ts';
import { commandOf } from './notify.ts';
import { type Statement, textOf } from './parser.ts';

/** Settings of `global_defs` that apply to the instances. */
export interface Globals {
  version: 2 | 3 | undefined;
  readonly garp: Keys;
  strict: boolean;
  user: string | undefined;
}

/** Keywords without an equivalent that need none. */
const NEEDLESS = new Set([
  'enable_script_security',
  'dynamic_interfaces',
  // Converted after all instances.
  'lvs_sync_daemon',
  'vrrp_skip_check_adv_addr',
  'vrrp_no_swap',
  'checker_no_swap',
  'bfd_no_swap',
  'process_names',
  'no_email_faults',
  'reload_check_config',
]);

const MAIL = /^(notification_email|smtp_|email_)/;

export function convertGlobals(statement: Statement, draft: Draft, globals: Globals): void {
  for (const one of statement.block ?? []) convertGlobal(one, draft, globals);
}

function convertGlobal(one: Statement, draft: Draft, globals: Globals): void {
  const [key = '', value = ''] = one.words;
  if (NEEDLESS.has(key)) return;
  if (MAIL.test(key)) {
    draft.note(one, `${key}: mail is not supported; use a webhook or a command of "notify"`);
    return;
  }
  const garp = garpKey(key.replace(/^vrrp_/, ''), value);
  if (key.startsWith('vrrp_garp') && garp !== undefined) {
    globals.garp[garp.key] = garp.value;
    return;
  }
  switch (key) {
    case 'router_id':
      draft.offerTop('router', value.replaceAll(/[^A-Za-z0-9._-]/g, '-'), one);
      return;
    case 'vrrp_version':
      globals.version = value === '3' ? 3 : 2;
      return;
    case 'vrrp_strict':
      globals.strict = true;
      draft.note(one, 'vrrp_strict: converted to "accept: false"');
      return;
    case 'script_user':
      globals.user = value;
      return;
    case 'vrrp_rt_priority':
      draft.offerTop('realtime', Math.min(99, Number(value)), one);
      return;
    case 'notify_fifo':
    case 'vrrp_notify_fifo':
      draft.offerTop('notify', { fifo: value }, one);
      return;
    case 'notify_fifo_script':
    case 'vrrp_notify_fifo_script':
      draft.note(
        one,
        `${key} ${commandOf(value)?.argv.join(' ') ?? ''}: start the reader of the FIFO separately`,
      );
      return;
    default:
      draft.note(one, `global_defs: ${textOf(one)}`);
  }
}

/** The key of `garp` for `garp_master_repeat 3`; undefined without an equivalent. */
export function garpKey(
  key: string,
  value: string,
): { readonly key: string; readonly value: unknown } | undefined {
  switch (key) {
    case 'garp_master_repeat':
      return { key: 'repeat', value: Number(value) };
    case 'garp_master_delay':
      return { key: 'second_burst_after', value: `${value}s` };
    case 'garp_master_refresh':
      return { key: 'refresh', value: `${value}s` };
    default:
      return undefined;
  }
}
