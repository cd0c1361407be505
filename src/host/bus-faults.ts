import { IslandError } from '../errors.ts';

/** What was asked, and of whom. */
interface Asked {
  readonly destination: string;
  readonly member: string;
}

/** The name of the error with which a service refused a call, such as `org.freedesktop.systemd1.NoSuchUnit`. */
export function busErrorName(error: unknown): string | undefined {
  const cause = error instanceof IslandError ? error.cause : undefined;
  return cause instanceof Error && cause.name.includes('.') ? cause.name : undefined;
}

/** A service has answered with an error. */
export function refused(
  { member, destination }: Asked,
  { name, text }: Record<'name' | 'text', string>,
): IslandError {
  const cause = Object.assign(new Error(text), { name });
  return new IslandError('E_APPLY', `${member} of ${destination}: ${text}`, { cause });
}

/** There is no bus, or none that lets this process in. */
export function noBus(socket: string, reason: string): IslandError {
  return new IslandError('E_HOST_UNSUPPORTED', `the system bus at ${socket} cannot be used: ${reason}`, {
    hint: 'see "systemctl status dbus"',
  });
}

/** The bus has ended, or was closed, before the answer. */
export function lost({ member, destination }: Asked, reason: string): IslandError {
  return new IslandError(
    'E_RETRY',
    `the system bus has ended before ${destination} answered ${member}: ${reason}`,
    {
      hint: 'see "systemctl status dbus", and run it again',
    },
  );
}
