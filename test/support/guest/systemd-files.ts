import { existsSync, readdirSync } from 'node:fs';
import type { DiskPlan } from './disk-image.ts';
import { ENVIRONMENT_FILE } from './disk-init.ts';

const UNITS = '/etc/systemd/system';
const GENERATORS = '/lib/systemd/system-generators';

/**
 * Units of Debian that a host with nothing to do but its network can miss. In an emulator each process takes
 * a good part of a second.
 */
const MASKED = [
  ...['console-getty.service', 'getty.target', 'systemd-logind.service', 'systemd-user-sessions.service'],
  ...['systemd-modules-load.service', 'systemd-sysctl.service', 'systemd-binfmt.service', 'timers.target'],
  ...['systemd-hwdb-update.service', 'systemd-pstore.service', 'systemd-random-seed.service'],
  ...['systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service', 'systemd-sysusers.service'],
  ...['systemd-tmpfiles-setup-dev.service', 'systemd-tmpfiles-setup.service', 'kmod-static-nodes.service'],
  ...['systemd-machine-id-commit.service', 'systemd-firstboot.service', 'systemd-repart.service'],
  ...['systemd-remount-fs.service', 'systemd-boot-system-token.service', 'systemd-journal-flush.service'],
  ...['systemd-pcrphase.service', 'systemd-pcrphase-sysinit.service', 'systemd-initctl.socket'],
  ...['systemd-ask-password-console.path', 'systemd-ask-password-wall.path', 'ldconfig.service'],
  ...['systemd-journald-audit.socket', 'systemd-timesyncd.service', 'apparmor.service'],
  ...['dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
  ...['sys-kernel-config.mount', 'sys-fs-fuse-connections.mount', 'proc-sys-fs-binfmt_misc.automount'],
  ...['modprobe@.service', 'cryptsetup.target', 'integritysetup.target', 'veritysetup.target'],
];

/** What makes a small system of the machine's root, whatever else its owner installed there. */
export function systemdFiles(): DiskPlan {
  const generators = existsSync(GENERATORS) ? readdirSync(GENERATORS) : [];
  const masked = [
    ...MASKED.map((unit) => `${UNITS}/${unit}`),
    ...generators.map((name) => `/etc/systemd/system-generators/${name}`),
  ];
  return {
    emptied: [UNITS, '/etc/systemd/network', '/etc/udev/rules.d', '/etc/tmpfiles.d'],
    files: {
      // udev derives the MAC addresses that it gives from it.
      '/etc/machine-id': '15a2d0c0ffee4000800000000000feed\n',
      '/etc/systemd/journald.conf': '[Journal]\nStorage=volatile\nForwardToSyslog=no\nAudit=no\n',
      [`${UNITS}/guest.target`]: TARGET,
      [`${UNITS}/guest.service`]: SERVICE,
      [`${UNITS}/systemd-udev-trigger.service.d/few.conf`]: TRIGGER,
    },
    links: {
      ...Object.fromEntries(masked.map((path) => [path, '/dev/null'])),
      [`${UNITS}/default.target`]: 'guest.target',
    },
  };
}

const TARGET = `[Unit]
Description=All of a boot, then the script
Requires=multi-user.target
Wants=guest.service
After=multi-user.target
AllowIsolate=yes
`;

const SERVICE = `[Unit]
After=multi-user.target
[Service]
Type=exec
EnvironmentFile=${ENVIRONMENT_FILE}
Environment=HOME=/root LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
StandardOutput=file:/dev/ttyS0
StandardError=file:/dev/ttyS0
ExecStart=/bin/sh -c '\\
  cd "$directory"; \\
  echo; \\
  "$node" "$script" $arguments; \\
  echo "EXIT $?"; \\
  sync; \\
  stty -F /dev/ttyS0 sane; \\
  echo b >/proc/sysrq-trigger'
`;

/** The hardware of an emulator is of no interest, the links are. */
const TRIGGER = `[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=net --subsystem-match=block
`;
