import type { LabHost, LabProcess } from './lab/host.ts';
import type { Outcome } from './lab/namespace.ts';

const DIRECTORY = '/etc/lab-ssh';
const SSHD_CONFIG = `HostKey ${DIRECTORY}/host
AuthorizedKeysFile ${DIRECTORY}/authorized
PidFile none
StrictModes no
UsePAM no
`;

/** Sessions from one host of the lab to another, as root, by real ssh and sshd. */
export interface Ssh {
  /** Runs the command line in a session without a terminal. */
  run(command: string): Promise<Outcome>;
  /** The same with a terminal, on which `input` is typed. */
  type(command: string, input: string): LabProcess;
}

/** Starts sshd on the server; it ends with the lab. */
export async function startSshd(server: LabHost): Promise<void> {
  await server.run(['mkdir', '-p', DIRECTORY, '/run/sshd']);
  for (const name of ['host', 'client']) {
    await server.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${DIRECTORY}/${name}`]);
  }
  await server.run(['cp', `${DIRECTORY}/client.pub`, `${DIRECTORY}/authorized`]);
  await server.writeFile(`${DIRECTORY}/config`, SSHD_CONFIG);
  const daemon = server.start(['/usr/sbin/sshd', '-D', '-e', '-f', `${DIRECTORY}/config`]);
  await daemon.outputMatching(/listening on 0\.0\.0\.0/);
}

/** Lets the client in at the server's address. A connection that is lost ends by itself, in 2 to 3 seconds. */
export async function sshFrom(client: LabHost, server: LabHost, address: string): Promise<Ssh> {
  await client.writeFile(`${DIRECTORY}/key`, await server.readFile(`${DIRECTORY}/client`), 0o600);
  const settings = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  const patience = ['ConnectTimeout=5', 'ServerAliveInterval=1', 'ServerAliveCountMax=2', 'LogLevel=ERROR'];
  const options = [...settings, ...patience, 'IdentityAgent=none'].flatMap((option) => ['-o', option]);
  const words = ['ssh', '-F', '/dev/null', '-i', `${DIRECTORY}/key`, ...options];
  return {
    run: (command) => client.exec([...words, '-n', `root@${address}`, command]),
    type: (command, input) => client.start([...words, '-tt', `root@${address}`, command], { input }),
  };
}
