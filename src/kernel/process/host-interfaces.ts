/** The interfaces of this host that are up. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** Undefined while the kernel does not list them, for want of a descriptor for example. */
export function hostInterfaces(): NodeJS.Dict<NetworkInterfaceInfo[]> | undefined {
  try {
    return networkInterfaces();
  } catch {
    return undefined;
  }
}
