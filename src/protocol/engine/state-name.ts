/** The states and causes of the table as operators see them. */
import type { Cause, VrrpState } from '../../../fsm/vrrp/model.ts';

export type StateName = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';

/**
 * A closed list of codes. Only `master-silent` means that the former MASTER disappeared without
 * resigning; only the main thread reports `agent-failed`, when the protocol thread has died.
 */
export type TransitionCause = Cause | 'agent-failed';

export function stateNameOf(state: VrrpState): StateName {
  switch (state) {
    case 'initialize':
      return 'INIT';
    case 'backup.listening':
    case 'backup.delaying':
    case 'backup.ready':
    case 'backup.asking':
    case 'backup.allowed':
      return 'BACKUP';
    case 'holding.master':
    case 'holding.releasing':
      return 'MASTER';
    case 'fault':
      return 'FAULT';
  }
}
