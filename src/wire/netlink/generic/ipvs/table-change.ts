/** Encodes changes of the service table as requests. */
import type { ServiceKey, TableChange } from '../../../../net/ipvs.ts';
import { AttributeWriter } from '../../attributes.ts';
import { encodeIpvs } from './message.ts';
import { putServer, putServerName } from './server.ts';
import { putService, putServiceKey } from './service.ts';

export function encodeTableChange(change: TableChange): Uint8Array {
  const writer = new AttributeWriter();
  switch (change.kind) {
    case 'service.add':
      return encodeIpvs('newService', putService(writer, change.service));
    case 'service.edit':
      return encodeIpvs('setService', putService(writer, change.service));
    case 'service.remove':
      return encodeIpvs('removeService', putServiceKey(writer, change.key));
    case 'server.add':
      return encodeIpvs('newServer', putServer(putServiceKey(writer, change.key), change.server));
    case 'server.edit':
      return encodeIpvs('setServer', putServer(putServiceKey(writer, change.key), change.server));
    case 'server.remove':
      return encodeIpvs(
        'removeServer',
        putServerName(putServiceKey(writer, change.key), change.server),
      );
  }
}

/** The payload of a dump request for the servers of a service. */
export function encodeServerDump(key: ServiceKey): Uint8Array {
  return encodeIpvs('getServer', putServiceKey(new AttributeWriter(), key));
}
