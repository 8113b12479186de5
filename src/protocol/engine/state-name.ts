/** The states of the table as people see them. */
import type { VrrpState } from '../../../fsm/vrrp/model.ts';
import type { StateName } from './reports.ts';

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
