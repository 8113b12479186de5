/** The machine that asks by ARP who has an address. It does not exist. */
import { ip, mac } from '../../net/address.ts';

/** A locally administered address that no machine of a lab has. */
export const ASKER_MAC = mac('02:00:5e:10:00:fe');
export const ASKER_IP = ip('192.0.2.254');
