import { type ErrorCode, EXIT } from '../errors.ts';

interface Meaning {
  /** The name of the number in sysexits.h, by which systemd and other programs know it. */
  readonly sysexit: string;
  readonly when: string;
  readonly remedy: string;
}

const MEANINGS: Readonly<Record<ErrorCode, Meaning>> = {
  E_USAGE: {
    sysexit: 'EX_USAGE',
    when: 'An option or argument is unknown, missing or malformed, another service answers where the hub should, several islands could be meant, or a script would cut its own SSH session without saying that it may.',
    remedy:
      'Look at `island help <command>`; say which island with `-i`, and that the session may be cut with `--accept-risk ssh`.',
  },
  E_HOST_UNSUPPORTED: {
    sysexit: 'EX_UNAVAILABLE',
    when: 'A program (`ip`, `bridge`, `nft`) or a kernel module (`ipip`, `vxlan`) that is needed is not there, or the hub runs another version of island.',
    remedy:
      'Install iproute2 and nftables; run the same version here and on the hub; load the module, or choose the other kind of link in the file, on every host.',
  },
  E_BUG: {
    sysexit: 'EX_SOFTWARE',
    when: 'Something that cannot happen did. The stack is printed.',
    remedy: 'Report it with the stack, the version (`island --version`) and the command.',
  },
  E_APPLY: {
    sysexit: 'EX_OSERR',
    when: 'The kernel or a program refused a step, answered something unexpected, or a file could not be written.',
    remedy:
      'The message ends with what became of this run’s work, normally undone. Compare with `island plan`, then run the command again.',
  },
  E_RETRY: {
    sysexit: 'EX_TEMPFAIL',
    when: 'Not now: another island command is changing this island, the uplink is down or has no route yet, an address that the file gives this host is not here, the hub does not answer or has no room, or you interrupted or did not agree.',
    remedy: 'Run it again later. The unit does so by itself.',
  },
  E_PERMISSION: {
    sysexit: 'EX_NOPERM',
    when: 'The command changes the host, or reads what only root may, and you are not root; or the hub refuses the token.',
    remedy: 'Run it as root; make a new token on the hub with `island token create`.',
  },
  E_CONFIG: {
    sysexit: 'EX_CONFIG',
    when: 'The file is missing or wrong, clashes with routes of this host, or this host is not in it.',
    remedy:
      'Correct what the message names as `file:line:column`, on every host; `island config check` finds all of it at once.',
  },
};

/** What the number that a command ends with says; the texts are Markdown. */
export interface ExitStatus {
  readonly status: number;
  /** The name of the error; undefined for an answer. */
  readonly code?: ErrorCode;
  readonly sysexit?: string;
  readonly when: string;
  readonly remedy: string;
}

const ANSWERS: readonly ExitStatus[] = [
  { status: 0, sysexit: 'EX_OK', when: 'Done, or the answer is yes.', remedy: '' },
  {
    status: 1,
    when: 'The answer is no: `status` found drift, `plan --exit-code` found something to do, `whoami` found no place, `confirm` found nothing to confirm, `test` or `ping` found something broken that is required.',
    remedy: '`island plan` shows it, `island join` repairs it.',
  },
];

/** Every exit status, in their order. */
export function exitStatuses(): readonly ExitStatus[] {
  const errors = (Object.entries(EXIT) as [ErrorCode, number][]).map(([code, status]) => ({
    status,
    code,
    ...MEANINGS[code],
  }));
  return [...ANSWERS, ...errors].toSorted((a, b) => a.status - b.status);
}

/** docs/errors.md: every exit status with its code, when it comes and what to do. */
export function errorDocs(): string {
  return [
    '# Errors and exit statuses',
    '',
    'An error is one line on stderr, `island: what is wrong, "value"`, and a `hint:` line with what to type next.',
    'Nothing has been changed, or what was changed has been undone, unless the message says otherwise.',
    '',
    '| status | code | sysexits.h | when | what to do |',
    '|-|-|-|-|-|',
    ...exitStatuses().map(row),
    '',
    'The numbers are those of sysexits.h, which systemd names in `systemctl status`. `island@.service` and',
    '`islandd@.service` try again by themselves, but for those that trying again cannot cure (`RestartPreventExitStatus=`).',
    '',
  ].join('\n');
}

function row({ status, code, sysexit, when, remedy }: ExitStatus): string {
  const names = [code, sysexit].map((name) => name && `\`${name}\``);
  const cells = [String(status), ...names, when, remedy];
  return `|${cells.map((cell) => (cell ? ` ${cell} ` : ' ')).join('|')}|`;
}
