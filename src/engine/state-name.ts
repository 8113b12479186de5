/** The states of the table as people see them. */
import type { VrrpState } from '../../fsm/step.ts';
import type { StateName } from './reports.ts';

export function stateNameOf(state: VrrpState): StateName {
  switch (state) {
    case 'initialize':
      return 'INIT';
    case 'backup':
      return 'BACKUP';
    case 'holding.master':
    case 'holding.releasing':
      return 'MASTER';
    case 'fault':
      return 'FAULT';
  }
}
