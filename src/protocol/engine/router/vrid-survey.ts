/**
 * Finds a VRID that no router uses. Receive sockets drop foreign VRIDs in the kernel; while a survey lasts,
 * those of its segment pass everything.
 */
import type { Family } from '../../../net/address.ts';
import { after, type Instant, seconds } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** Several intervals of most routers. */
const DURATION = seconds(5);

const VRID_MAX = 255;

interface Survey {
  readonly index: number;
  readonly family: Family;
  readonly heard: Set<number>;
}

export class VridSurvey {
  readonly #routers: RouterTable;
  readonly #timers: Timers;
  readonly #surveys = new Map<VirtualRouter, Survey>();

  constructor({ routers, timers }: { readonly routers: RouterTable; readonly timers: Timers }) {
    this.#routers = routers;
    this.#timers = timers;
  }

  /** The sockets have to be updated afterwards; false if there is nothing to listen on. */
  begin(router: VirtualRouter, now: Instant): boolean {
    const { index, family } = router;
    if (index === undefined || this.#surveys.has(router)) return false;
    this.#surveys.set(router, { index, family, heard: new Set() });
    this.#timers.set('survey', router.position, after(now, DURATION));
    return true;
  }

  covers(index: number, family: Family): boolean {
    for (const one of this.#surveys.values()) {
      if (one.index === index && one.family === family) return true;
    }
    return false;
  }

  /** A packet of a VRID that no router has; false if no survey has let it pass. */
  hear(index: number, family: Family, vrid: number): boolean {
    let isCovered = false;
    for (const one of this.#surveys.values()) {
      if (one.index !== index || one.family !== family) continue;
      one.heard.add(vrid);
      isCovered = true;
    }
    return isCovered;
  }

  /** Ends the survey; the sockets have to be updated. Returns the lowest VRID that no router uses. */
  end(router: VirtualRouter): number | undefined {
    const survey = this.#surveys.get(router);
    if (survey === undefined) return undefined;
    this.#surveys.delete(router);
    const used = new Set(survey.heard);
    for (const { settings } of this.#routers.all) {
      if (settings.interface === router.settings.interface) used.add(settings.vrid);
    }
    for (let vrid = 1; vrid <= VRID_MAX; vrid++) if (!used.has(vrid)) return vrid;
    return undefined;
  }

  /** The router was removed. */
  forget(router: VirtualRouter): void {
    this.#surveys.delete(router);
  }
}
