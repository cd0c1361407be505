import { answerNames } from '../names/responder.ts';
import { dropOn, HOSTS, here, noFault, type ProbeFault } from './fault.ts';

const NOBODY = 'ISL-N01 sopnode-l1';

/** What is wrong with names, in the model network with vxlan links, where every host asks the hub for them. */
export const NAME_FAULTS: readonly ProbeFault[] = [
  {
    name: 'nobody answers for names on the hub',
    on: 'sopnode-l1',
    breaks: (host) =>
      host.run(['sh', '-c', "kill $(ss -Hulnp 'sport = :53' | grep -o 'pid=[0-9]*' | cut -d= -f2)"]),
    mends: answerNames,
    seen: { 'sopnode-l1': NOBODY, faraday: NOBODY, fit02: NOBODY },
  },
  {
    name: 'a firewall of the hub drops port 53',
    on: 'sopnode-l1',
    breaks: dropOn('input', 'iifname != "lo" meta l4proto { tcp, udp } th dport 53 drop'),
    mends: noFault,
    seen: { 'sopnode-l1': '', faraday: NOBODY },
  },
  {
    name: 'a line of /etc/hosts gives a host another address',
    on: 'faraday',
    breaks: (host) => host.writeFile('/etc/hosts', `${HOSTS}10.9.9.9 fit02.r2lab.internal\n`),
    mends: (host) => host.writeFile('/etc/hosts', HOSTS),
    seen: { faraday: here('ISL-N02'), fit02: '' },
  },
  {
    name: "a line of /etc/hosts gives the hub's address another name",
    on: 'fit02',
    breaks: (host) => host.writeFile('/etc/hosts', `${HOSTS}10.3.1.2 gate.example.org\n`),
    mends: (host) => host.writeFile('/etc/hosts', HOSTS),
    seen: { fit02: here('ISL-N03') },
  },
  {
    name: 'a name that has to resolve is something else',
    on: 'sopnode-l1',
    breaks: (host) => host.writeFile('/etc/hosts', HOSTS.replace('192.168.3.1', '10.9.9.9')),
    mends: (host) => host.writeFile('/etc/hosts', HOSTS),
    seen: { 'sopnode-l1': 'ISL-C03 names', faraday: '' },
  },
];
