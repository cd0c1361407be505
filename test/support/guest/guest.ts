import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findKernel, type Kernel } from './kernel.ts';

/** What to run in the guest. */
export interface GuestOptions {
  /** A bundle that plain node can run; it is in the guest under the same path as here. */
  readonly script: string;
  readonly arguments?: readonly string[];
  readonly timeoutMs: number;
  /** Called with each result as it comes. */
  readonly onResult?: (result: unknown) => void;
}

const RESULT = 'RESULT ';

/**
 * Boots the stock kernel, which has every module that this machine's own may lack, runs the script on a
 * throw-away copy of this machine's root and returns what it printed as `RESULT <json>`. Rejects when the guest
 * dies or is late, with the end of the console in the message. Nothing of it survives this process.
 */
export async function runGuest(options: GuestOptions): Promise<unknown[]> {
  const results: unknown[] = [];
  const console: string[] = [];
  let status: string | undefined;
  const qemu = spawn('setpriv', [
    '--pdeathsig',
    'KILL',
    'qemu-system-x86_64',
    ...argumentsFor(findKernel(), options),
  ]);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    qemu.kill('SIGKILL');
  }, options.timeoutMs);
  const take = (line: string) => {
    console.push(line);
    if (line.startsWith(RESULT)) {
      const result: unknown = JSON.parse(line.slice(RESULT.length));
      results.push(result);
      options.onResult?.(result);
    }
    if (line.startsWith('EXIT ')) status = line.slice('EXIT '.length);
  };
  for (const stream of [qemu.stdout, qemu.stderr]) createInterface(stream).on('line', take);
  try {
    await once(qemu, 'close');
  } finally {
    clearTimeout(timer);
    qemu.kill('SIGKILL');
  }
  const end = console.slice(-30).join('\n');
  if (late) throw new Error(`the guest was not done after ${options.timeoutMs} ms:\n${end}`);
  if (status !== '0') throw new Error(`the guest's script ended with ${status ?? 'the guest'}:\n${end}`);
  return results;
}

/** To be called in the guest: hands a result to whoever runs it. */
export function reportResult(result: unknown): void {
  process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`);
}

/** What the kernel does for its safety and an emulator takes long for; fixed addresses let it reuse translations. */
const FAST = 'mitigations=off lsm= init_on_alloc=0 norandmaps';

function argumentsFor(kernel: Kernel, { script, arguments: given = [] }: GuestOptions): string[] {
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
  ];
}
