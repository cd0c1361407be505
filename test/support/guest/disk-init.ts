import { ROOT_MODULES, rootScript } from './init.ts';
import type { Boot } from './kernel.ts';

const MODULES = [...ROOT_MODULES, ...['crc32c_generic', 'crc16', 'mbcache', 'jbd2', 'ext4', 'virtio_blk']];

/** Where the script's unit finds what the guest was started with. */
export const ENVIRONMENT_FILE = '/run/guest.env';

/** The machine's root under the disk, and systemd on top of it. */
export const DISK_BOOT: Boot = {
  modules: MODULES,
  init: `${rootScript(MODULES, 'mount -t ext4 /dev/vda /upper')}
# With it systemd believes that it is in a container.
rm -f /root/.dockerenv
cat >/root${ENVIRONMENT_FILE} <<END
node=$node
script=$script
arguments=$arguments
directory=$directory
END
exec switch_root /root /lib/systemd/systemd
`,
};
