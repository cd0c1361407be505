import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Message, type MessageBus, sessionBus, Variant } from 'dbus-next';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { type Bus, type BusCall, connectBus } from '../../src/host/bus.ts';
import { busErrorName } from '../../src/host/bus-faults.ts';
import { type PrivateBus, privateBus } from '../support/private-bus.ts';

const NAME = 'org.island.Test';
const call = (member: string, rest: Partial<BusCall> = {}): BusCall => ({
  ...{ destination: NAME, path: '/org/island/test', interface: NAME, member },
  ...rest,
});

let daemon: PrivateBus;
let service: MessageBus;

beforeAll(async () => {
  daemon = await privateBus();
  service = await serviceOn(daemon.socket);
});

afterAll(async () => {
  service.disconnect();
  await daemon.remove();
});

test('what a service answers comes as plain values, checked against a shape', async () => {
  const bus = await connectBus({ socket: daemon.socket });
  try {
    const echo = call('Echo', { signature: 'sau', body: ['isl-1', [1, 2]] });
    expect(await bus.call(echo, z.tuple([z.string(), z.array(z.number())]))).toEqual(['isl-1', [1, 2]]);
    const state = z.tuple([z.record(z.string(), z.unknown())]);
    expect(await bus.call(call('State'), state)).toEqual([
      { ActiveState: 'active', Since: 1_700_000_000_000_000n, value: 'v', signature: ['s', ['t']] },
    ]);
    await expect(bus.call(echo, z.tuple([z.number()]))).rejects.toMatchObject({
      code: 'E_APPLY',
      message: expect.stringContaining('unexpected'),
    });
    await expect(bus.call(call('Echo', { signature: 'u', body: ['no number'] }), z.any())).rejects.toThrow();
  } finally {
    bus.close();
  }
});

test('a refusal has a name, and nobody is started to answer', async () => {
  const bus = await connectBus({ socket: daemon.socket });
  try {
    const refusal = await bus.call(call('Refuse'), z.any()).catch((error: unknown) => error);
    expect(busErrorName(refusal)).toBe(`${NAME}.Refused`);
    expect(refusal).toMatchObject({ code: 'E_APPLY', message: `Refuse of ${NAME}: not on a Sunday` });
    const absent = await bus.call(call('Echo', { destination: 'org.island.Absent' }), z.any()).catch(String);
    expect(absent).toContain('org.island.Absent');
    expect([await bus.hasOwner(NAME), await bus.hasOwner('org.island.Absent')]).toEqual([true, false]);
  } finally {
    bus.close();
  }
});

test('signals are heard from who was named, not from who pretends to be it, until that is ended', async () => {
  const bus = await connectBus({ socket: daemon.socket });
  const impostor = await serviceOn(daemon.socket, undefined);
  try {
    const heard: unknown[] = [];
    const match = { sender: NAME, interface: NAME, member: 'Done' };
    const end = await bus.listen(match, ({ body }) => heard.push(body[0]));
    // Its own answer follows its own signal; the impostor's is not ordered with it, so it goes first and is asked.
    impostor.send(Message.newSignal('/org/island/test', NAME, 'Done', 's', ['false']));
    await connectedAs(impostor);
    await bus.call(call('Signal', { signature: 's', body: ['true'] }), z.any());
    end();
    await bus.call(call('Signal', { signature: 's', body: ['late'] }), z.any());
    expect(heard).toEqual(['true']);
    await expect(bus.listen({ ...match, sender: 'org.island.Absent' }, () => undefined)).rejects.toThrow();
  } finally {
    impostor.disconnect();
    bus.close();
  }
});

test('a service that never answers costs its deadline, and the connection is still good', async () => {
  const bus = await connectBus({ socket: daemon.socket });
  try {
    const silent = bus.call(call('Silence', { timeoutMs: 50 }), z.any());
    await expect(silent).rejects.toMatchObject({
      code: 'E_RETRY',
      message: `${NAME} does not answer Silence within 0.05 s`,
    });
    expect(await bus.hasOwner(NAME)).toBe(true);
  } finally {
    bus.close();
  }
});

test('when the bus dies in the middle of calls every one is told, and so is who calls later', async () => {
  const mortal = await privateBus();
  const own = await serviceOn(mortal.socket);
  own.on('error', () => undefined);
  const bus = await connectBus({ socket: mortal.socket });
  try {
    const calls = ['Silence', 'Silence'].map((member) => bus.call(call(member), z.any()));
    const outcome = Promise.allSettled(calls);
    await mortal.kill();
    for (const { status, reason } of (await outcome) as PromiseRejectedResult[]) {
      expect([status, reason.code]).toEqual(['rejected', 'E_RETRY']);
      expect(reason.message).toContain('the system bus has ended');
    }
    expect(await bus.ended).toMatch(/closed|ECONNRESET/);
    await expect(bus.hasOwner(NAME)).rejects.toMatchObject({ code: 'E_RETRY' });
    bus.close();
  } finally {
    await mortal.remove();
  }
});

test('what waits when the bus is closed is told, too', async () => {
  const bus = await connectBus({ socket: daemon.socket });
  const waits = bus.call(call('Silence'), z.any());
  bus.close();
  await expect(waits).rejects.toMatchObject({ code: 'E_RETRY' });
  expect(await bus.ended).toBe('closed');
});

test('no socket, nobody behind it, one who says nothing, a full bus: each is an error, and soon', async () => {
  const folder = await mkdtemp(join(tmpdir(), `island-no-bus-${process.pid}-`));
  const mute = createServer(() => undefined);
  const full = await privateBus(1);
  let only: Bus | undefined;
  try {
    await expect(connectBus({ socket: join(folder, 'none') })).rejects.toMatchObject({
      code: 'E_HOST_UNSUPPORTED',
      message: expect.stringContaining('ENOENT'),
    });
    await new Promise<void>((resolve) => {
      mute.listen(join(folder, 'mute'), resolve);
    });
    await expect(connectBus({ socket: join(folder, 'mute'), timeoutMs: 50 })).rejects.toMatchObject({
      code: 'E_RETRY',
    });
    only = await connectBus({ socket: full.socket });
    await expect(connectBus({ socket: full.socket })).rejects.toMatchObject({
      message: expect.stringContaining('connections'),
    });
  } finally {
    only?.close();
    mute.close();
    await full.remove();
    await rm(folder, { recursive: true });
  }
});

/** A service of `NAME`, unless it has to go without. */
async function serviceOn(socket: string, name: string | undefined = NAME): Promise<MessageBus> {
  const bus = sessionBus({ busAddress: `unix:socket=${socket}` });
  bus.addMethodHandler((message: Message) => {
    const answer = answerTo(bus, message);
    if (answer !== undefined) bus.send(answer);
    return true;
  });
  await connectedAs(bus);
  if (name !== undefined) await bus.requestName(name, 0);
  return bus;
}

function answerTo(bus: MessageBus, message: Message): Message | undefined {
  switch (message.member) {
    case 'Echo':
      return Message.newMethodReturn(message, message.signature, message.body);
    case 'State':
      return Message.newMethodReturn(message, 'a{sv}', [STATE]);
    case 'Refuse':
      return Message.newError(message as never, `${NAME}.Refused`, 'not on a Sunday');
    case 'Signal':
      bus.send(Message.newSignal(message.path, NAME, 'Done', 's', message.body));
      return Message.newMethodReturn(message);
    default:
      return undefined;
  }
}

const STATE = {
  ActiveState: new Variant('s', 'active'),
  Since: new Variant('t', 1_700_000_000_000_000n),
  value: new Variant('s', 'v'),
  signature: new Variant('av', [new Variant('s', 's'), new Variant('as', ['t'])]),
};

/** Asks the daemon something: what was sent before has arrived when it answers. */
async function connectedAs(bus: MessageBus): Promise<void> {
  const ask = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus' };
  await bus.call(new Message({ ...ask, interface: 'org.freedesktop.DBus', member: 'GetId' }));
}
