/** One member of an etcd cluster: the questions of the gateway that this program asks, with their answers checked. */
import type * as z from 'zod';
import { failure, type Result, success } from '../../net/result.ts';
import { ANSWERS, type EtcdStatus, type EtcdTransaction } from './answers.ts';
import { type EtcdFailure, GRPC, lateAnswer, misshapen, NO_USER } from './failure.ts';
import { type EtcdConnection, type EtcdTls, Gateway } from './question.ts';

/** Of one attempt, which may have several questions. */
export interface Terms {
  /** All of it. */
  readonly attemptMs: number;
  /** On the clock of `performance`. */
  readonly endsAt: number;
  readonly signal: AbortSignal;
  readonly connection?: EtcdConnection;
}

export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

/** What the members share: the token of the user, which every one of them accepts. */
export interface EtcdSession {
  readonly user: EtcdUser | undefined;
  token: string | undefined;
  /** etcd has users turned off; the user is not needed. */
  isOpen: boolean;
  /** By member, the cluster that it belonged to when it answered last. */
  readonly clusterIds: Map<string, string>;
}

type Reply<Document> = Result<Document & { readonly date: number | undefined }, EtcdFailure>;

type Asked = keyof typeof ANSWERS;

const PATHS: { readonly [Of in Asked]: string } = {
  status: '/v3/maintenance/status',
  grant: '/v3/lease/grant',
  keepalive: '/v3/lease/keepalive',
  revoke: '/v3/lease/revoke',
  txn: '/v3/kv/txn',
  authenticate: '/v3/auth/authenticate',
  watch: '/v3/watch',
};

export class EtcdMember {
  readonly origin: string;
  readonly #gateway: Gateway;
  readonly #session: EtcdSession;

  constructor(origin: string, tls: EtcdTls, session: EtcdSession) {
    this.origin = origin;
    this.#gateway = new Gateway(origin, tls);
    this.#session = session;
  }

  /** For the questions of one attempt. */
  connect(): EtcdConnection {
    return this.#gateway.connect();
  }

  status(terms: Terms): Promise<Reply<EtcdStatus>> {
    return this.#one('status', {}, terms);
  }

  /** A lease with this number that exists counts as granted: an earlier attempt has made it. */
  async grant(lease: string, ttlSeconds: number, terms: Terms): Promise<Result<null, EtcdFailure>> {
    const granted = await this.#one('grant', { ID: lease, TTL: String(ttlSeconds) }, terms);
    if (granted.ok) return success(null);
    return /lease already exists/.test(granted.error.said ?? '') ? success(null) : granted;
  }

  /** The term in which each lease was renewed; null: there is no such lease. */
  async keepAlive(
    leases: readonly string[],
    terms: Terms,
  ): Promise<Result<ReadonlyMap<string, string | null>, EtcdFailure>> {
    const bodies = leases.map((ID) => ({ ID }));
    const asked = await this.#ask('keepalive', bodies, terms);
    if (!asked.ok) return asked;
    const entries = asked.value.map(({ result: { ID, TTL, header } }): [string, string | null] => [
      ID,
      TTL === '0' ? null : (header.raft_term ?? ''),
    ]);
    const renewed = new Map(entries);
    return leases.every((lease) => renewed.has(lease))
      ? success(renewed)
      : failure(misshapen('an answer for another lease', this.origin));
  }

  /** A lease that is gone is no failure. */
  async revoke(lease: string, terms: Terms): Promise<Result<null, EtcdFailure>> {
    const revoked = await this.#one('revoke', { ID: lease }, terms);
    if (revoked.ok || revoked.error.status === GRPC.notFound) return success(null);
    return revoked;
  }

  transaction(body: object, terms: Terms): Promise<Reply<EtcdTransaction>> {
    return this.#one('txn', body, terms);
  }

  /** Calls `event` for each change, until `signal` or etcd ends it. */
  async watch(
    create: object,
    { signal }: Pick<Terms, 'signal'>,
    event: (answer: z.infer<typeof ANSWERS.watch>) => void,
  ): Promise<EtcdFailure> {
    const { token } = this.#session;
    const end = new AbortController();
    let fault: EtcdFailure | undefined;
    const stop = () => end.abort();
    signal.addEventListener('abort', stop);
    const body = { create_request: create };
    const why = await this.#gateway.follow(
      { path: PATHS.watch, body, token, signal: end.signal },
      (document) => {
        const answer = ANSWERS.watch.safeParse(document);
        if (answer.success) event(answer.data);
        else {
          fault = misshapen(issueOf(answer.error), this.origin);
          end.abort();
        }
      },
    );
    signal.removeEventListener('abort', stop);
    return fault ?? why;
  }

  async #one<Of extends Asked>(
    of: Of,
    body: object,
    terms: Terms,
  ): Promise<Reply<z.infer<(typeof ANSWERS)[Of]>>> {
    const asked = await this.#ask(of, body, terms);
    if (!asked.ok) return asked;
    const [document] = asked.value;
    return document === undefined || asked.value.length > 1
      ? failure(misshapen('more than one document', this.origin))
      : success(document);
  }

  async #ask<Of extends Asked>(of: Of, body: object | readonly object[], terms: Terms) {
    const entered = await this.#authenticate(terms);
    if (!entered.ok) return entered;
    const session = this.#session;
    const { token, isOpen } = session;
    const first = await this.#put(of, body, terms);
    if (first.ok) return first;
    // Its users were turned on, the token has expired, or the users have changed since.
    if (isOpen && wantsUser(first.error)) session.isOpen = false;
    else if (token === undefined || !isOfToken(first.error)) return first;
    else if (session.token === token) session.token = undefined;
    const again = await this.#authenticate(terms);
    return again.ok ? this.#put(of, body, terms) : again;
  }

  #note(document: object): void {
    const id = clusterIdIn(document);
    if (id === undefined) return;
    const { clusterIds } = this.#session;
    const before = clusterIds.get(this.origin);
    clusterIds.set(this.origin, id);
    if (before === undefined || before === id) return;
    // The cluster was made again: that a member which is gone was in the former one says nothing now.
    for (const [origin, known] of clusterIds) if (known === before) clusterIds.delete(origin);
  }

  async #authenticate(terms: Terms): Promise<Result<null, EtcdFailure>> {
    const session = this.#session;
    const { user, token, isOpen } = session;
    if (user === undefined || token !== undefined || isOpen) return success(null);
    const { name, password } = user;
    const answer = await this.#put('authenticate', { name, password }, terms);
    if (answer.ok) {
      session.token = answer.value[0]?.token;
      return success(null);
    }
    const { status, said = '' } = answer.error;
    if (status === GRPC.failedPrecondition && /not enabled/.test(said)) {
      session.isOpen = true;
      return success(null);
    }
    return answer;
  }

  async #put<Of extends Asked>(
    of: Of,
    body: object | readonly object[],
    { attemptMs, endsAt, signal, connection }: Terms,
  ): Promise<
    Result<
      readonly (z.infer<(typeof ANSWERS)[Of]> & { readonly date: number | undefined })[],
      EtcdFailure
    >
  > {
    const timeoutMs = Math.round(endsAt - performance.now());
    const late = failure(lateAnswer(this.origin, attemptMs));
    if (timeoutMs <= 0) return late;
    const { token } = this.#session;
    const question = { path: PATHS[of], body, token, timeoutMs, signal, connection };
    const asked = await this.#gateway.ask(question);
    // Not what was left of the time: earlier questions have had their part of it.
    if (!asked.ok && asked.error.code === 'timeout') return late;
    const lacksUser = !asked.ok && asked.error.code === 'permission' && token === undefined;
    if (lacksUser) return failure({ ...asked.error, ...NO_USER });
    if (!asked.ok) return asked;
    const { documents, date } = asked.value;
    const answers: (z.infer<(typeof ANSWERS)[Of]> & { readonly date: number | undefined })[] = [];
    for (const document of documents) {
      const answer = ANSWERS[of].safeParse(document);
      if (!answer.success) return failure(misshapen(issueOf(answer.error), this.origin));
      this.#note(answer.data);
      answers.push({ ...(answer.data as z.infer<(typeof ANSWERS)[Of]>), date });
    }
    return success(answers);
  }
}

function clusterIdIn(document: object): string | undefined {
  const { header } = document as { readonly header?: { readonly cluster_id?: string } };
  return header?.cluster_id;
}

function isOfToken({ status, said = '' }: EtcdFailure): boolean {
  return status === GRPC.unauthenticated || /auth store is old|invalid auth token/.test(said);
}

function wantsUser({ said = '' }: EtcdFailure): boolean {
  return /user name is empty/.test(said);
}

function issueOf({ issues: [first] }: z.ZodError): string {
  return first === undefined
    ? 'unknown'
    : `${first.path.join('.') || 'the answer'}: ${first.message}`;
}
