/** Converts the settings of the witness back to the form of the file: where secrets are, not what they are. */
import { formatDuration } from '../../net/time.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { WitnessAccess } from '../witness-settings.ts';
import { present } from './complete.ts';

type WitnessFile = NonNullable<ConfigFile['witness']>;
type WitnessSettings = NonNullable<Settings['witness']>;

export function effectiveWitness(
  { ttl, onLoss }: WitnessSettings,
  { endpoints, prefix, ca, cert, key, username, password }: WitnessAccess,
): WitnessFile {
  return {
    etcd: present<WitnessFile['etcd']>({
      ...{ endpoints: [...endpoints], prefix, username },
      ca: ca?.reference,
      cert: cert?.reference,
      key: key?.reference,
      password: password?.reference,
    }),
    ttl: formatDuration(ttl),
    on_loss: onLoss,
  };
}
