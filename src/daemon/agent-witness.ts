/** The witness of a running agent: between the engine, the checker process that asks etcd, and what is shown. */
import { createHash, randomUUID } from 'node:crypto';
import { withDeadline } from '../async/deadline.ts';
import type { WitnessKey, WitnessOrders } from '../checker/channel/witness-messages.ts';
import type { WitnessLink, WitnessReading } from '../checker/supervisor/witness-link.ts';
import type { Lowered } from '../config/lower/lower.ts';
import { CommandRefusal, noWitness, type WitnessReleaseTerms } from '../control/commands.ts';
import type { EventFacts } from '../control/protocol.ts';
import type { WitnessDocument, WitnessReleaseDocument } from '../control/witness-document.ts';
import { bootId, namespaceNumber } from '../kernel/process/boot.ts';
import { isSame } from '../net/equality.ts';
import { formatDuration } from '../net/time.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import type { WitnessRequest } from '../protocol/engine/witness-messages.ts';

interface AgentWitnessOptions {
  readonly link: WitnessLink;
  readonly feed: (inputs: readonly Input[]) => void;
  readonly record: (facts: EventFacts) => void;
}

export class AgentWitness {
  readonly #options: AgentWitnessOptions;
  #config: Lowered | undefined;
  #isUp: boolean | undefined;
  #problems: ReadonlySet<string> = new Set();

  constructor(options: AgentWitnessOptions) {
    const { link, feed } = options;
    this.#options = options;
    link.listen({
      input: (input) => feed([input]),
      changed: (reading) => this.#changed(reading),
    });
  }

  /** Adapts to another configuration. */
  follow(config: Lowered): void {
    this.#config = config;
    if (!this.#options.link.configure(ordersOf(config))) return;
    // Said once more, if it is still so: what was said before is of the former section.
    this.#isUp = undefined;
    this.#problems = new Set();
  }

  ask(request: WitnessRequest): void {
    this.#options.link.request(request);
  }

  /** Keys that the engine gives back at its end need not wait for their ttl. */
  async close(): Promise<void> {
    await withDeadline(this.#options.link.idle(), LAST_ANSWERS_MS);
  }

  /** Undefined: the configuration has no witness. */
  get document(): WitnessDocument | undefined {
    const { reading } = this.#options.link;
    const { settings, agent } = this.#config ?? {};
    if (reading === undefined || settings?.witness === undefined) return undefined;
    const { up, since, detail, version, endpoints, problems, keys } = reading;
    return {
      up,
      since: since.toISOString(),
      detail,
      version,
      ttl_ms: settings.witness.ttl / 1_000,
      on_loss: settings.witness.onLoss,
      prefix: agent?.witnessAccess?.prefix ?? '',
      endpoints,
      problems,
      keys: keys.map(({ instance, director, since: from }) => ({
        instance,
        director,
        since: from,
      })),
    };
  }

  /** Deletes the key of a director that cannot do it itself. */
  async release(
    { instance, force }: WitnessReleaseTerms,
    by: string,
  ): Promise<WitnessReleaseDocument> {
    this.#assertInstance(instance);
    const { key: held, revision } = await this.#inspect(instance, null);
    if (held === null) return { instance, outcome: 'free', holder: null };
    const holder = held.director;
    if (held.isOwn) throw refusal('own-key', `${OWN_KEY} "vrrp-agent failover ${instance}"`);
    if (!force) throw refusal('key-held', this.#riskOf(instance, holder));
    const request = `release of the key of ${holder ?? 'another program'} in the witness`;
    this.#options.record({ kind: 'command', instance, by, request, outcome: null });
    const outcome = await this.#remove(held, revision).catch((error: unknown) => error);
    const told = outcome instanceof Error ? outcome.message : String(outcome);
    this.#options.record({ kind: 'command', instance, by, request, outcome: told });
    if (outcome === 'deleted') return { instance, outcome, holder };
    if (outcome === 'free') return { instance, outcome, holder: null };
    throw outcome;
  }

  /** Only the key that was looked at; the holder renews it meanwhile, which is no other key. */
  async #remove(held: WitnessKey, first: string | null): Promise<'deleted' | 'free'> {
    const { instance } = held;
    let revision = first;
    for (let attempt = 0; attempt < REMOVALS_MAX; attempt++) {
      const { key, removed, revision: next } = await this.#inspect(instance, revision);
      if (removed) return 'deleted';
      if (key === null) return 'free';
      if (!isSame(key, held)) {
        const holder = key.director ?? 'another program';
        throw refusal('key-changed', `the key of ${instance} is now of ${holder}: not deleted`);
      }
      revision = next;
    }
    const message = `the key of ${instance} changes all the time: not deleted; repeat it`;
    throw refusal('key-changed', message);
  }

  #assertInstance(instance: string): void {
    const { settings } = this.#config ?? {};
    if (settings?.witness === undefined) throw noWitness();
    const known = settings.instances.find(({ name }) => name === instance);
    if (known?.witness === true) return;
    const message =
      known === undefined
        ? `no instance is named ${instance}`
        : `${instance} has no "witness: true": nothing of it is in the witness`;
    throw new CommandRefusal({ status: 404, code: 'not-found', message });
  }

  async #inspect(instance: string, removes: string | null) {
    const found = await this.#options.link.inspect(instance, removes);
    if (found.ok) return found;
    throw new CommandRefusal({ status: 500, code: 'witness-down', message: found.message });
  }

  #riskOf(instance: string, holder: string | null): string {
    const ttl = this.#config?.settings.witness?.ttl;
    const time = ttl === undefined ? 'its lifetime' : formatDuration(ttl);
    return holder === null
      ? `the key of ${instance} is of another program: --force deletes it; make sure that nothing else needs it`
      : `director ${holder} has the key of ${instance}, and loses it by itself ${time} after it has failed: ` +
          `--force deletes it now, and if ${holder} still serves, both have the VIPs for up to ${time}`;
  }

  #changed({ up, detail, version, problems }: WitnessReading): void {
    const { record } = this.#options;
    if (up !== this.#isUp) {
      this.#isUp = up;
      record(up ? { kind: 'witness-up', version } : { kind: 'witness-down', detail: detail ?? '' });
    }
    const stable = new Set(problems.map(withoutNumbers));
    for (const problem of problems) {
      if (!this.#problems.has(withoutNumbers(problem)))
        record({ kind: 'witness-problem', problem });
    }
    this.#problems = stable;
  }
}

const LAST_ANSWERS_MS = 1_000;

/** A holder renews its key four times in each ttl. */
const REMOVALS_MAX = 3;

const OWN_KEY =
  'this director has the key itself: deleting it would let another one have the VIPs while they are still ' +
  'here; hand them over with';

/** A clock that drifts is one problem, not one each minute. */
function withoutNumbers(problem: string): string {
  return problem.replaceAll(/ [0-9]+ s /g, ' ');
}

function refusal(code: string, message: string): CommandRefusal {
  return new CommandRefusal({ status: 409, code, message });
}

/** A secret that could not be read is an error of the file, so all of them are known here. */
function ordersOf({ settings, agent }: Lowered): WitnessOrders | undefined {
  const { witnessAccess: access } = agent;
  const { witness, router, instances } = settings;
  if (access === undefined || witness === undefined) return undefined;
  const { endpoints, prefix, ca, cert, key, username, password } = access;
  return {
    endpoints,
    prefix,
    ca: ca?.text,
    cert: cert?.text,
    key: key?.text,
    user:
      username === undefined || password?.text === undefined
        ? undefined
        : { name: username, password: password.text },
    ttlSeconds: witness.ttl / 1_000_000,
    director: router,
    host: HOST,
    instances: instances
      .filter((one) => one.witness === true)
      .map(({ name, family, vrid }) => [name, `${family} ${vrid}`]),
  };
}

const HOST = hostMark();

/** One for each boot of a kernel and network namespace: what has the VIPs there is the same host. */
function hostMark(): string {
  // Where the boot is unknown, no two processes may count as one host.
  const text = `${bootId() || randomUUID()} ${namespaceNumber()}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
