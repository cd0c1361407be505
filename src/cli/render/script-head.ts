import type { Exported } from '../../app/export.ts';
import { printable } from '../../model/text.ts';
import { placeSentence } from './place.ts';
import { remembers, type Traits } from './script-traits.ts';

/** What a reader has to know before the first command, and the names of things. */
export function headLines(exported: Exported, traits: Traits): string[] {
  const { island, place } = exported;
  const comments = [
    `${placeSentence(island, place)}: what "island join" does there, for a host without island.`,
    ...['', ...sourceLines(exported, traits), ''],
    ...usageLines(traits),
    ...['', 'What a script cannot do, and island does:', ...limits(exported), ''],
    ...unitLines(traits),
  ];
  return [
    '#!/bin/sh',
    ...comments.map((line) => printable(`# ${line}`).trimEnd()),
    ...['', 'set -eu', 'umask 022'],
    `PATH="\${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin"`,
    ...['LC_ALL=C', 'export PATH LC_ALL', ''],
    ...markLines(traits),
  ];
}

function sourceLines({ source }: Exported, traits: Traits): string[] {
  const { hasLinks, hasGuard, hasLegacyAccepts, sysctls } = traits;
  const needs = [
    'awk',
    hasLinks ? 'ip and bridge (iproute2)' : 'ip (iproute2)',
    ...(hasGuard ? ['nft (nftables)'] : []),
    ...(hasLegacyAccepts ? ['iptables-legacy-save and -restore (iptables)'] : []),
    ...(sysctls.length > 0 ? ['sysctl (procps)'] : []),
  ];
  return [
    'Made by "island export script" for this host alone, from',
    `  ${source.path}`,
    `  sha256 ${source.sha256}`,
    `Needs root, ${needs.join(', ')}.`,
  ];
}

function usageLines({ island }: Traits): string[] {
  return [
    `  island-${island} start    join; where it has been started, nothing; where something is missing, all anew`,
    `  island-${island} stop     give the host back as it was`,
    `  island-${island} restart  stop, then start`,
    `  island-${island} status   say whether all is as it was started, and what differs`,
    '',
    'Exit status: 0 done or yes; 1 failed or no; 64 not one of these words. "sh -x" in front shows each command.',
  ];
}

function limits({ notes, place }: Exported): string[] {
  const further = place.role === 'member' ? 'addresses and links' : 'addresses, links, routes and firewalls';
  return [
    '- heal: what somebody takes away stays away until the next start;',
    `- look around: it is made for the ${further} that this host has now.`,
    '  When they change, or the file does: stop, export again, start;',
    '- ask: it does not try whether anybody answers, and waits for nobody to confirm. Have another way to log in.',
    ...(notes.length === 0 ? [] : ['', 'About this one:', ...notes.map((note) => `- ${note}`)]),
  ];
}

function unitLines({ island, accepts }: Traits): string[] {
  const firewalls = accepts.length === 0 ? '' : ' firewalld.service ufw.service docker.service';
  const unit = [
    '[Unit]',
    'Wants=network-online.target',
    `After=network-online.target${firewalls}`,
    'Before=kubelet.service',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=/usr/local/sbin/island-${island} start`,
    `ExecStop=/usr/local/sbin/island-${island} stop`,
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return [
    `For every boot, /etc/systemd/system/island-${island}.service:`,
    ...unit.map((line) => `  ${line}`),
  ];
}

function markLines(traits: Traits): string[] {
  const { island, number, tables, priorities, hasLinks } = traits;
  return [
    `island=${island}`,
    '# By these numbers, and by protocol 110, all that is of the island is known again, whoever made it.',
    ...(hasLinks ? [`group=${number}`] : []),
    `tables='${tables.join(' ')}'`,
    '# From the first priority of its rules to the last.',
    `first=${priorities.exempt}`,
    `last=${priorities.lookup}`,
    '# How it was when it was started.',
    'records=/run/island-script',
    'record=$records/$island',
    ...(remembers(traits) ? MEMORY : []),
    'joined=/var/lib/island/$island/joined.json',
  ];
}

const MEMORY = [
  '# What was before. Where island keeps it, so that either can go on from the other.',
  'memory=/run/island/$island',
  'before=$memory/sysctls.json',
];
