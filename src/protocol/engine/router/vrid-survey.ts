/**
 * Finds a VRID that no router uses. Receive sockets drop foreign VRIDs in the kernel; while a survey lasts,
 * those of its segment pass everything.
 */
import { after, type Instant, seconds } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** When it has its results: after several intervals of most routers, and after the longest of version 3. */
const RESULTS = [seconds(5), seconds(41)] as const;

const VRID_MAX = 255;

/** Of both families: the instances of a pair for both have one number, too. */
interface Survey {
  readonly index: number;
  readonly heard: Set<number>;
  readonly since: Instant;
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
    const { index } = router;
    if (index === undefined || this.#surveys.has(router)) return false;
    this.#surveys.set(router, { index, heard: new Set(), since: now });
    this.#timers.set('survey', router.position, after(now, RESULTS[0]));
    return true;
  }

  covers(index: number): boolean {
    for (const one of this.#surveys.values()) if (one.index === index) return true;
    return false;
  }

  /** A packet of a VRID that no router has; false if no survey has let it pass. */
  hear(index: number, vrid: number): boolean {
    let isCovered = false;
    for (const one of this.#surveys.values()) {
      if (one.index !== index) continue;
      one.heard.add(vrid);
      isCovered = true;
    }
    return isCovered;
  }

  /** The lowest VRID that no router uses; the sockets have to be updated, as the survey may have ended. */
  result(router: VirtualRouter, now: Instant): number | undefined {
    const survey = this.#surveys.get(router);
    if (survey === undefined) return undefined;
    const last = after(survey.since, RESULTS[1]);
    if (now < last) this.#timers.set('survey', router.position, last);
    else this.#surveys.delete(router);
    const used = new Set(survey.heard);
    // Another interface of this host may be on the same segment.
    for (const { settings } of this.#routers.all) used.add(settings.vrid);
    for (let vrid = 1; vrid <= VRID_MAX; vrid++) if (!used.has(vrid)) return vrid;
    return undefined;
  }

  /** The router was removed. */
  forget(router: VirtualRouter): void {
    this.#surveys.delete(router);
  }
}
