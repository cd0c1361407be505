import { CODES, type Code, LAYERS, type Layer } from '../probe/codes.ts';

const WORDS: Readonly<Record<Layer, string>> = {
  host: 'This host',
  firewall: 'Firewalls on this host',
  underlay: 'Underlay',
  link: 'Links',
  mtu: 'MTU',
  routes: 'Routes and sources',
  names: 'Names',
  checks: '`checks:` of the file',
};

/** The first part of docs/checks.md: every check of `island test` by its code. */
export function checkDocs(): string {
  return [
    '# What `island test` checks',
    '',
    'In the order in which things break: what fails further up explains what fails further down, and is named as the cause.',
    'A code never changes its meaning. What a check could not know from where it ran is said as such, and is no failure.',
    '',
    ...LAYERS.flatMap(layerDocs),
    '## JSON',
    '',
    '`island test --json` prints `schemaVersion` 1, `island`, `name`, `role`, `ok` (exit status 0), `ms`, and',
    '',
    '- `causes`: what is broken and not explained by anything else, each with `code`, `subject`, `required`, `text`, `fix`',
    '  and `consequences`, the number of checks that it explains;',
    '- `checks`: all of them, each with `code`, `layer`, `subject`, `part`, `address`, `required`, `state` (`ok`, `ko`,',
    '  `unknown`), `ms`, `text`, `fix` and `cause`, the code and subject of what explains it, or null.',
    '',
  ].join('\n');
}

function layerDocs(layer: Layer): string[] {
  const codes = (Object.keys(CODES) as Code[]).filter((code) => CODES[code].layer === layer);
  return [
    `## ${WORDS[layer]}`,
    '',
    '| code | holds | otherwise | what to do |',
    '|-|-|-|-|',
    ...codes.map((code) => {
      const { holds, otherwise, fix } = CODES[code];
      return `| \`${code}\` | ${holds} | ${otherwise} | ${fix} |`;
    }),
    '',
  ];
}
