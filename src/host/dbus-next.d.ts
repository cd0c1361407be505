// The parts of dbus-next below its MessageBus, for which it has no types (docs/decisions/0001).
declare module 'dbus-next/lib/connection.js' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';
  import type { Message } from 'dbus-next/lib/message-type.js';

  interface Connection extends EventEmitter {
    readonly stream: Socket;
    /** Throws when the stream is closed, or the body is not of the signature. */
    readonly message: (message: Message) => void;
  }
  const createConnection: (options: {
    readonly busAddress: string;
    readonly authMethods: readonly string[];
  }) => Connection;
  export = createConnection;
}

declare module 'dbus-next/lib/message-type.js' {
  /** The fields that are used here. */
  interface Fields {
    readonly destination: string;
    readonly path: string;
    readonly interface: string;
    readonly member: string;
    readonly body: readonly unknown[];
    readonly serial: number;
    readonly flags: number;
  }
  export class Message implements Fields {
    constructor(fields: Fields & { readonly signature?: string });
    readonly type: number;
    readonly sender: string;
    readonly errorName: string;
    readonly replySerial: number;
    readonly destination: string;
    readonly path: string;
    readonly interface: string;
    readonly member: string;
    readonly body: readonly unknown[];
    readonly serial: number;
    readonly flags: number;
  }
}
