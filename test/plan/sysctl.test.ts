import { describe, expect, test } from 'vitest';
import type { Observed } from '../../src/plan/observed.ts';
import {
  forwardingSysctl,
  forwardingSysctls,
  NO_RECORD,
  recordBefore,
  restoredSysctls,
} from '../../src/plan/sysctl.ts';
import { observed } from '../support/observed.ts';

function forwarding(values: Readonly<Record<string, string>>): Observed {
  return { ...observed([]), forwarding: new Map(Object.entries(values)) };
}

const KEY = 'net.ipv4.conf.eth0.forwarding';

describe('forwarding', () => {
  test('is switched on by link', () => {
    const setting = { observed: forwarding({ all: '0', eth0: '0' }), record: NO_RECORD };
    expect(forwardingSysctls(setting, ['eth0'])).toEqual([
      { kind: 'sysctl', link: 'eth0', key: KEY, value: '1' },
    ]);
  });

  test('has its earlier value back where the island no longer needs it', () => {
    const record = { forwardingOfAll: '0', earlier: { [KEY]: '0' } };
    const setting = { observed: forwarding({ all: '0', eth0: '1', eth1: '0' }), record };
    expect(forwardingSysctls(setting, ['eth1']).map(({ link, value }) => `${link}=${value}`)).toEqual([
      'eth1=1',
      'eth0=0',
    ]);
    expect(forwardingSysctls(setting, ['eth0']).map(({ link, value }) => `${link}=${value}`)).toEqual([
      'eth0=1',
    ]);
  });

  test('of a link whose name has a dot is named as sysctl does', () => {
    expect(forwardingSysctl('eth0.100', '1')).toMatchObject({
      ...{ link: 'eth0.100', key: 'net.ipv4.conf.eth0/100.forwarding' },
    });
  });
});

describe('what leave restores', () => {
  const record = {
    forwardingOfAll: '0',
    earlier: { [KEY]: '0', 'net.ipv4.conf.eth0/100.forwarding': '0' },
  };
  const restored = (values: Readonly<Record<string, string>>) =>
    restoredSysctls({ observed: forwarding(values), record }).map(({ link, value }) => `${link}=${value}`);

  test('is the earlier value of each link that is as island left it', () => {
    expect(restored({ all: '0', eth0: '1', 'eth0.100': '1' })).toEqual(['eth0=0', 'eth0.100=0']);
  });

  test('is nothing of a link that somebody has switched off already, or that is gone', () => {
    expect(restored({ all: '0', eth0: '0' })).toEqual([]);
  });

  test('is nothing once somebody else has switched forwarding as a whole, as Docker does', () => {
    expect(restored({ all: '1', eth0: '1', 'eth0.100': '1' })).toEqual([]);
  });

  test('is nothing without a record', () => {
    const setting = { observed: forwarding({ all: '0', eth0: '1' }), record: NO_RECORD };
    expect(restoredSysctls(setting)).toEqual([]);
  });
});

describe('the record', () => {
  const sysctls = [forwardingSysctl('eth0', '1'), forwardingSysctl('eth9', '1')];

  test('holds what was there before the first join', () => {
    const setting = { observed: forwarding({ all: '0', eth0: '0' }), record: NO_RECORD };
    expect(recordBefore(setting, sysctls)).toEqual({ forwardingOfAll: '0', earlier: { [KEY]: '0' } });
  });

  test('keeps the older value when join runs again', () => {
    const record = { forwardingOfAll: '0', earlier: { [KEY]: '0' } };
    expect(recordBefore({ observed: forwarding({ all: '1', eth0: '1' }), record }, sysctls)).toEqual(record);
  });
});
