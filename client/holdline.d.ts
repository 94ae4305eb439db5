export type Transport = 'websocket' | 'sse' | 'ndjson' | 'long-poll' | 'iframe' | 'jsonp';
export type State = 'idle' | 'connecting' | 'open' | 'waiting' | 'offline' | 'closed';

export interface Options {
  /** What to listen to from the start. */
  channels?: Iterable<string>;
  /** Where to begin: a message id, `now`, `start`, Unix milliseconds or an RFC 3339 time. */
  since?: string | number;
  /** Begin with so many of the newest messages. */
  last?: number;
  /** 22 to 64 of A-Z a-z 0-9 - _, hard to guess; a random one if not given. */
  session?: string;
  /** What this client calls itself in presence. */
  name?: string;
  /** Also receive `join` and `leave`. */
  presence?: boolean;
  /** A function is asked again when the server refuses what it gave. */
  token?: string | (() => string | Promise<string>);
  /** What to try, the best first. */
  transports?: Transport[];
  /** One connection for all tabs of this origin. */
  shared?: boolean;
  /** Closes the line. */
  signal?: AbortSignal;
  /** In milliseconds: the server's `--heartbeat`. */
  heartbeat?: number;
  /** In milliseconds, for a transport's first byte. */
  patience?: number;
  /** In seconds: how long a poll or a question is held. */
  wait?: number;
  /** In milliseconds: the first pause before coming back, doubled each time up to `backoffMax`. */
  backoff?: number;
  backoffMax?: number;
  /** In milliseconds: after so long on a worse transport a better one is tried beside it. */
  upgrade?: number;
  WebSocket?: typeof globalThis.WebSocket;
  fetch?: typeof globalThis.fetch;
  locks?: unknown;
  BroadcastChannel?: unknown;
}

export interface Message<T = any> {
  id: string;
  channel: string;
  event?: string;
  /** A Uint8Array where it was published as bytes. */
  data: T;
  content_type?: string;
  time: string;
  /** The message is a question: hand this to `answer`. */
  ask?: string;
  /** Part of the backlog of a channel that was added. */
  replay?: boolean;
}

export interface HoldlineError extends Error {
  name: 'HoldlineError';
  /** Of HTTP. */
  status?: number;
  /** Of a WebSocket's close. */
  code?: number;
  problem?: { title?: string; status?: number; detail?: string };
}

export interface Member { channel: string; client: string; name?: string; user?: string }

export interface Events {
  message: Message;
  ask: Message;
  gap: { notice: 'gap'; channel: string; after: string; resumes: string };
  position: { notice: 'position'; cursor: string };
  join: { notice: 'join' } & Member;
  leave: { notice: 'leave' } & Member;
  closed: { notice: 'closed'; channel: string };
  withdrawn: { notice: 'withdrawn'; ask: string };
  shutdown: { notice: 'shutdown'; reconnect_ms: number };
  state: { state: State; transport?: Transport | 'shared'; error?: Error };
  error: HoldlineError;
}

export interface PublishOptions {
  event?: string;
  except?: string;
  ttl?: number;
  key?: string;
  retain?: boolean;
  contentType?: string;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export interface AskOptions extends PublishOptions {
  /** Seconds that one request is held. */
  wait?: number;
}

export interface Answer<T = any> {
  status: number;
  data: T;
  outcome: 'answered' | 'expired' | 'withdrawn';
  answeredBy?: string;
  subscribers: number;
}

export interface Presence {
  channel: string;
  clients: { id: string; name?: string; user?: string; transport: string; since_ms: number }[];
  count: number;
}

export interface Channel {
  /** By the message's event, or `message` for all, or `holdline:` and the name of a notice. Subscribes. */
  on(event: string, f: (told: Message & Record<string, any>) => void): () => void;
  off(event: string, f: (told: any) => void): void;
  subscribe(options?: { since?: string }): Line;
  unsubscribe(): Line;
  publish(data: unknown, options?: PublishOptions): Promise<{ id: string }>;
  ask<T = any>(data: unknown, options?: AskOptions): Promise<Answer<T>>;
  presence(options?: { signal?: AbortSignal }): Promise<Presence>;
}

export interface Line extends AsyncIterable<Message> {
  readonly state: State;
  readonly transport: Transport | 'shared' | undefined;
  readonly cursor: string | undefined;
  readonly channels: string[];
  readonly client: string | undefined;
  readonly session: string;
  /** Why the line is closed, or waits. */
  readonly error: Error | undefined;
  on<E extends keyof Events>(event: E, f: (told: Events[E]) => void): () => void;
  off<E extends keyof Events>(event: E, f: (told: Events[E]) => void): void;
  channel(name: string): Channel;
  subscribe(channel: string, options?: { since?: string }): Line;
  unsubscribe(channel: string): Line;
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<{ id: string }>;
  ask<T = any>(channel: string, data: unknown, options?: AskOptions): Promise<Answer<T>>;
  answer(ask: string, data?: unknown, options?: { status?: number; contentType?: string; signal?: AbortSignal }): Promise<void>;
  presence(channel: string, options?: { signal?: AbortSignal }): Promise<Presence>;
  close(): void;
}

export function connect(url?: string | URL, options?: Options): Line;
export function connect(options: Options): Line;
declare const holdline: { connect: typeof connect };
export default holdline;
export as namespace holdline;
