import { fileURLToPath } from 'node:url';
import type { DiskPlan } from '../support/guest/disk-image.ts';
import { ENVIRONMENT_FILE } from '../support/guest/disk-init.ts';
import { modelFile } from '../support/island.ts';

const SYSTEM = '/etc/systemd/system';
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/** What the kubelet of the guest found when it started. */
export const KUBELET_RECORD = '/run/kubelet.json';
/** The guest's uptime in seconds when its network was made. */
export const NETWORK_MADE = '/run/network-made';
/** Plugs the cable in and configures the uplink, as a switch and a DHCP client would. */
export const PLUG_IN = '/usr/local/sbin/plug-in';
/** What the guest's script is told for a boot with the cable pulled. */
export const UNPLUGGED = 'unplugged';
export const HUB = '10.3.1.2';
export const UNITS = ['island@r2lab.service', 'islandd@r2lab.service'];

/** What a boot of the guest showed. */
export interface Seen {
  readonly kubelet: { readonly answered: boolean; readonly uptime: number };
  /** The guest's uptime in seconds when the boot was done. */
  readonly upAfter: number;
  /** Whether the hub did, before and after what this boot is for. */
  readonly answeredBefore?: boolean;
  readonly answered?: boolean;
  readonly units?: readonly string[];
  /** What udev knows of the link to the hub. */
  readonly udev?: readonly string[];
  /** Where two links have their MAC addresses from, one of them named as an island's: 1 random, 3 set. */
  readonly origins?: readonly string[];
}

const NETWORKING = `[Unit]
Description=Stand-in of what configures the network
DefaultDependencies=no
After=local-fs.target systemd-udevd.service
Before=network.target network-online.target shutdown.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=${ENVIRONMENT_FILE}
ExecStart=/usr/local/sbin/make-network $arguments
`;

const MAKE_NETWORK = `#!/bin/sh
set -e
echo 1 >/proc/sys/net/ipv4/ip_forward
ip netns add hub
ip -batch - <<END
link set lo up
link add internet type veth peer name wire netns hub
link add control type dummy
address add 192.168.3.100/24 dev control
link set control up
link add data type dummy
address add 192.168.2.100/24 dev data
link set data up
END
ip -n hub -batch - <<END
link set lo up
address add 138.96.16.110/28 dev wire
link add lan type dummy
address add 138.96.245.50/24 dev lan
link set lan up
link add isl mtu 1480 type ipip local 138.96.245.50 remote 138.96.16.97
address add ${HUB}/32 dev isl
link set isl up
route add 10.3.1.3 dev isl src 138.96.245.50
route add 192.168.3.0/24 dev isl src 138.96.245.50
route add 192.168.2.0/24 dev isl src 138.96.245.50
# Who sends to a private address without a tunnel is not heard, as on the internet.
rule add pref 1 iif wire to 10.0.0.0/8 blackhole
rule add pref 2 lookup local
rule delete pref 0
END
case " $* " in
  *" ${UNPLUGGED} "*) ;;
  *) ${PLUG_IN} ;;
esac
read -r uptime rest </proc/uptime
echo "$uptime" >${NETWORK_MADE}
`;

const PLUG = `#!/bin/sh
set -e
ip -n hub link set wire up
ip -batch - <<END
address add 138.96.16.97/28 dev internet
link set internet up
route add default via 138.96.16.110
END
`;

const KUBELET = `#!/bin/sh
if ping -n -q -c 1 -W 5 ${HUB} >/dev/null 2>&1; then answered=true; else answered=false; fi
read -r uptime rest </proc/uptime
printf '{"answered":%s,"uptime":%s}' "$answered" "$uptime" >${KUBELET_RECORD}.new
mv ${KUBELET_RECORD}.new ${KUBELET_RECORD}
exec sleep infinity
`;

/** Says nothing of islands: that it comes after them is for their unit to say. */
const KUBELET_SERVICE = `[Unit]
Description=Stand-in of the kubelet
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/usr/local/sbin/kubelet
`;

/** An emulator on a busy machine is as slow as a host that hangs. How long a boot waits is not up to this. */
const PATIENT = '[Service]\nTimeoutStartSec=300\n';

/**
 * The disk of `faraday`, on which nothing of the island is enabled yet. The hub is a namespace of the same kernel
 * that is made anew at each boot and joined without island: it is not the one that is tested.
 */
export const GATEWAY_DISK: DiskPlan = {
  emptied: ['/etc/island', '/var/lib/island', '/usr/local/lib/island'],
  folders: { '/usr/local/lib/island': DIST },
  links: {
    '/usr/local/bin/island': '../lib/island/main.cjs',
    [`${SYSTEM}/multi-user.target.wants/networking.service`]: '../networking.service',
    [`${SYSTEM}/multi-user.target.wants/kubelet.service`]: '../kubelet.service',
  },
  files: {
    '/etc/hostname': 'faraday\n',
    '/etc/island/r2lab.yaml': modelFile('ipip'),
    [`${SYSTEM}/networking.service`]: NETWORKING,
    [`${SYSTEM}/kubelet.service`]: KUBELET_SERVICE,
    [`${SYSTEM}/island@.service.d/patient.conf`]: PATIENT,
    [`${SYSTEM}/islandd@.service.d/patient.conf`]: PATIENT,
  },
  programs: {
    '/usr/local/sbin/make-network': MAKE_NETWORK,
    [PLUG_IN]: PLUG,
    '/usr/local/sbin/kubelet': KUBELET,
  },
};
