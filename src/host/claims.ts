import { readFileSync } from 'node:fs';
import { isIpv4, subnetOf } from '../model/ip.ts';
import type { Claim } from '../plan/observed.ts';

/** Where others write down which ranges they hand out, and under which word. No route tells of a service range. */
const SOURCES = [
  {
    file: '/etc/kubernetes/manifests/kube-apiserver.yaml',
    word: /--service-cluster-ip-range=(\S+)/,
    by: 'the services of Kubernetes',
  },
  {
    file: '/etc/kubernetes/manifests/kube-controller-manager.yaml',
    word: /--cluster-cidr=(\S+)/,
    by: 'the pods of Kubernetes',
  },
  { file: '/run/flannel/subnet.env', word: /^FLANNEL_NETWORK=(\S+)/m, by: 'the pods of flannel' },
] as const;

/** Ranges that Kubernetes or flannel uses on this host. Read in place: the files are small, and mostly not there. */
export function readClaims(): readonly Claim[] {
  return SOURCES.flatMap(({ file, word, by }) => claimsIn(word.exec(readText(file))?.[1] ?? '', by));
}

/** A list such as `10.96.0.0/12,fd00::/108`. */
function claimsIn(list: string, by: string): Claim[] {
  return list.split(',').flatMap((text): Claim[] => {
    const [address = '', length = ''] = text.replace(/["']/g, '').split('/');
    if (!isIpv4(address) || !/^(?:\d|[12]\d|3[0-2])$/.test(length)) return [];
    return [{ subnet: subnetOf(address, Number(length)), by }];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
