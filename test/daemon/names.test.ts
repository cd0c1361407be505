import packet from 'dns-packet';
import { expect, test } from 'vitest';
import { newHoldings } from '../../src/daemon/holdings.ts';
import { workerNames, workersIn } from '../../src/daemon/worker-names.ts';
import { respond, WAYS } from '../../src/dns/wire.ts';
import { formatRegister } from '../../src/hub/register-file.ts';
import { toNumber } from '../../src/model/ip.ts';
import { placeOf } from '../../src/model/place.ts';
import { fakeHost } from '../support/fake-host.ts';
import { memoryLog } from '../support/hub/hub.ts';
import { ipv4 } from '../support/observed.ts';
import { deskOf, islandWith } from '../support/register.ts';

const ISLAND = islandWith();
const W1 = { name: 'w1', inner: ipv4('10.3.1.64') };

test('the serial is when the content changed, and always a later one; what is the same is not compiled again', async () => {
  const clock = { date: 5_000_900, now: 0 };
  const holdings = newHoldings({ date: () => clock.date, now: () => clock.now });
  const serial = () => holdings.zones()[0]?.records[0]?.value.split(' ')[2];
  expect(await holdings.hold({ island: ISLAND, workers: undefined })).toBe(true);
  expect(serial()).toBe('5000');
  const compiled = holdings.compiled();
  clock.date = 9_000_000;
  expect(await holdings.hold({ island: islandWith(), workers: undefined })).toBe(false);
  expect(holdings.compiled()).toBe(compiled);
  await holdings.hold({ island: ISLAND, workers: [W1] });
  expect(serial()).toBe('9000');
  // Set back, as a clock may be.
  clock.date = 1_000_000;
  await holdings.hold({ island: ISLAND, workers: [] });
  expect(serial()).toBe('9001');
});

test('whole zones are for the addresses of the subnet and loopback, and for nobody when there is nothing', async () => {
  const holdings = newHoldings({ date: () => 0, now: () => 0 });
  const admits = () =>
    ['10.3.1.64', '127.0.0.1', '192.168.3.1', '138.96.245.50'].map((each) =>
      holdings.admitsTransfer(toNumber(ipv4(each))),
    );
  expect(admits()).toEqual([false, true, false, false]);
  await holdings.hold({ island: ISLAND, workers: [] });
  expect(admits()).toEqual([true, true, false, false]);
  holdings.drop();
  expect(admits()).toEqual([false, true, false, false]);
  const query = packet.encode({ type: 'query', id: 1, questions: [{ type: 'SOA', name: ISLAND.zone }] });
  expect(respond(holdings.compiled(), query, WAYS.udp)).toMatchObject({ rcode: 5 });
});

test("workers are those names of the hub's that only a worker can have", () => {
  const named = (name: string, address: string) => ({ name, address: ipv4(address) });
  const copied = [
    ...[named('sopnode-l1', '138.96.245.50'), named('sopnode-l1-tunnel', '10.3.1.2')],
    ...[named('w1', '10.3.1.64'), named('w1-tunnel', '10.3.1.64')],
    // A host of the file, a record of an address of the pool, one in a pool that this file does not have.
    ...[named('fit01', '10.3.1.65'), named('fit01-tunnel', '10.3.1.65'), named('api', '10.3.1.66')],
    ...[named('w9', '10.3.1.99'), named('w9-tunnel', '10.3.1.99'), named('*', '10.3.1.67')],
  ];
  expect(workersIn(copied, ISLAND)).toEqual([W1]);
  expect(workersIn(copied, { ...ISLAND, workers: undefined })).toEqual([]);
});

test('the hub knows whom its register has, and goes on with that while the file is damaged', async () => {
  const host = fakeHost({ hostname: 'sopnode-l1', links: {} });
  const place = placeOf(ISLAND, { hostname: 'sopnode-l1', addresses: [] });
  if (place.role === 'none') throw new Error(place.reason);
  const { lines, log } = memoryLog();
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const names = workerNames({ island: ISLAND, place }, { host, log, onChange });
  try {
    expect(names.of(ISLAND)).toEqual([]);
    const desk = deskOf(ISLAND);
    const { inner } = desk.join({ name: 'w1', identity: desk.token() });
    const store = host.store(ISLAND.name);
    await store.write('workers', formatRegister(desk.register));
    names.look();
    names.look();
    expect([names.of(ISLAND), changes]).toEqual([[{ name: 'w1', inner }], 1]);
    await store.write('workers', '{');
    names.look();
    names.look();
    expect([names.of(ISLAND), changes, lines.length]).toEqual([[{ name: 'w1', inner }], 1, 1]);
    expect(lines[0]).toMatch(/^error .*damaged/);
  } finally {
    await names.close();
  }
});
