import type { Boot } from './kernel.ts';

/**
 * Modules that it takes to mount the machine's root, in the order in which they have to be loaded. Some
 * kernels have some of them built in.
 */
export const ROOT_MODULES = [
  ...['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci'],
  ...['netfs', 'fscache', '9pnet', '9pnet_virtio', '9p', 'overlay'],
];

/** What a hub, a gateway and a lab ask of the kernel; loaded at once, since every request by itself takes long. */
const NETWORK_MODULES = [
  ...['veth', 'bridge', 'ipip', 'vxlan', 'dummy'],
  ...[
    'nf_tables',
    'nft_chain_nat',
    'nft_nat',
    'nft_masq',
    'nft_ct',
    'nft_reject_inet',
    'nft_fib_inet',
    'nft_limit',
    'nft_objref',
  ],
];

/** The first lines of a guest: the machine's root, read-only, under what the given line mounts, as /root. */
export function rootScript(modules: readonly string[], upper: string): string {
  return `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do
  if [ -f /modules/$module.ko ]; then insmod /modules/$module.ko; fi
done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 machine /lower || reboot -f
${upper} || reboot -f
mkdir -p /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /root
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
mount -t tmpfs run /root/run
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
`;
}

/** The machine's root under a tmpfs, and the script on top of it as the only process. */
export const MODEL_BOOT: Boot = {
  modules: ROOT_MODULES,
  init: `${rootScript(ROOT_MODULES, 'mount -t tmpfs upper /upper')}
exec switch_root /root /bin/sh -c '
  modprobe -a ${NETWORK_MODULES.join(' ')}
  ip link set lo up
  cd "$directory"
  # The firmware leaves the cursor in the middle of a line.
  echo
  "$node" "$script" $arguments </dev/null
  echo "EXIT $?"
  # Returns when the console has taken everything, which the reset does not wait for.
  stty sane
  echo b >/proc/sysrq-trigger
  sleep 60'
`,
};
