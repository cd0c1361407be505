import { DISK_BOOT } from './disk-init.ts';
import { MODEL_BOOT } from './init.ts';
import { findKernel, type Kernel } from './kernel.ts';
import { RESULT, runQemu, type Watch } from './qemu.ts';

/** What to run in the guest. */
export interface GuestOptions extends Watch {
  /** A bundle that plain node can run; it is in the guest under the same path as here. */
  readonly script: string;
  readonly arguments?: readonly string[];
  /** A disk of `makeDiskImage`: what is on it lies over the machine's root, systemd boots and starts the script. */
  readonly disk?: string;
}

/**
 * Boots the stock kernel, which has every module that this machine's own may lack, runs the script on a
 * throw-away copy of this machine's root and returns what it printed as `RESULT <json>`. Rejects when the guest
 * dies or is late, with the end of the console in the message. Only a disk survives the guest, which ends with
 * a reset.
 */
export async function runGuest(options: GuestOptions): Promise<unknown[]> {
  const kernel = findKernel(options.disk === undefined ? MODEL_BOOT : DISK_BOOT);
  return await runQemu(argumentsFor(kernel, options), options);
}

/** To be called in the guest: hands a result to whoever runs it. */
export function reportResult(result: unknown): void {
  process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`);
}

/** What the kernel does for its safety and an emulator takes long for; fixed addresses let it reuse translations. */
const FAST = 'mitigations=off lsm= init_on_alloc=0 norandmaps';

function argumentsFor(kernel: Kernel, { script, disk, arguments: given = [] }: GuestOptions): string[] {
  const environment = {
    node: process.execPath,
    script,
    arguments: given.join(' '),
    directory: process.cwd(),
  };
  const words = Object.entries(environment).map(([key, value]) => `"${key}=${value}"`);
  return [
    // Page tables of five levels make an emulated processor several times slower.
    ...['-machine', 'q35', '-cpu', 'max,-la57', '-smp', '1', '-m', '3G'],
    // Not kvm even where there is a /dev/kvm: nested, it may hang before the first line of the kernel.
    ...['-accel', 'tcg,thread=multi,tb-size=512'],
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', kernel.image, '-initrd', kernel.initramfs],
    ...['-append', `console=ttyS0 quiet loglevel=2 panic=1 ${FAST} ${words.join(' ')}`],
    ...['-virtfs', 'local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap'],
    ...(disk === undefined ? [] : ['-drive', `if=virtio,format=raw,cache=unsafe,file=${disk}`]),
  ];
}
