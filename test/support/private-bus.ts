import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A dbus-daemon of the test's own. */
export interface PrivateBus {
  readonly socket: string;
  /** As the kernel would end it: nothing is said to whoever is connected. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts one that lets in as many connections as are said; resolves when it listens. */
export async function privateBus(mostConnections = 100): Promise<PrivateBus> {
  const folder = await mkdtemp(join(tmpdir(), `island-bus-${process.pid}-`));
  const socket = join(folder, 'bus');
  await writeFile(join(folder, 'bus.conf'), configOf(socket, mostConnections));
  const args = [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--nopidfile', '--print-address'];
  const daemon = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const kill = () => killed(daemon);
  const remove = async () => {
    await kill();
    await rm(folder, { recursive: true });
  };
  try {
    await once(daemon.stdout, 'data');
  } catch (error) {
    await remove();
    throw error;
  }
  return { socket, kill, remove };
}

async function killed(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exit = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await exit;
}

function configOf(socket: string, mostConnections: number): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
  <limit name="max_connections_per_user">${mostConnections}</limit>
</busconfig>
`;
}
