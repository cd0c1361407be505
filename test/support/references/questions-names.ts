import { bytes, concat, label, name } from './packet.ts';
import { ask, HOST, type Question, REVERSE, ZONE } from './question.ts';

/** Names in the zones, beside and above them, and names that only bytes can spell. */
export function nameQuestions(): readonly Question[] {
  return [...ofNames(), ...ofOddLabels()];
}

function ofNames(): readonly Question[] {
  return [
    ask('a name in mixed case', 'fIt07.R2lAb.InTeRnAl'),
    ask('a name in upper case', HOST.toUpperCase()),
    ask('the zone in mixed case', 'r2LAB.iNTERNAL', 'SOA'),
    ask('a reverse name in mixed case', '7.3.168.192.In-Addr.ARPA', 'PTR'),
    ask('a name in mixed case that is not there', 'noBODY.R2lab.internal'),
    ask('an alias in mixed case', 'GitLab.r2lab.INTERNAL'),
    ask('an empty non-terminal', `_tcp.${ZONE}`),
    ask('an empty non-terminal of two levels', `b.deep.${ZONE}`),
    ask('the leaf below empty non-terminals', `a.b.deep.${ZONE}`),
    ask('a name beside the leaf below an empty non-terminal', `x.b.deep.${ZONE}`),
    ask('a name below a host', `x.${HOST}`),
    ask('a name two levels below a host', `x.y.${HOST}`),
    ask('a name below an alias', `x.gitlab.${ZONE}`),
    ask('a name that is not there', `nobody.${ZONE}`),
    ask('a name below one that is not there', `x.nobody.${ZONE}`),
    ask('an alias', `gitlab.${ZONE}`),
    ask('AAAA of an alias to a name without one', `gitlab.${ZONE}`, 'AAAA'),
    ask('an alias to an alias', `www.${ZONE}`),
    ...[4, 16].map((length) => ask(`${length} aliases in a row`, `alias-${length}.${ZONE}`)),
    ask('an alias asked as CNAME', `gitlab.${ZONE}`, 'CNAME'),
    ask('an alias to an alias asked as CNAME', `www.${ZONE}`, 'CNAME'),
    ask('an alias asked as ANY', `gitlab.${ZONE}`, 'ANY'),
    ask('an alias asked as SOA', `gitlab.${ZONE}`, 'SOA'),
    ask('an alias out of the zone', `mirror.${ZONE}`),
    ask('an alias to an alias out of the zone', `far.${ZONE}`),
    ask('an alias to a name that is not there', `dangling.${ZONE}`),
    ask('an alias to the zone', `home.${ZONE}`),
    ask('SOA of an alias to the zone', `home.${ZONE}`, 'SOA'),
    ask('an alias into another zone of the island', `back.${ZONE}`, 'PTR'),
    ask('CNAME of a host', HOST, 'CNAME'),
    ask('a name out of the zone', 'example.org'),
    ask('a name out of the zone asked as ANY', 'example.org', 'ANY'),
    ask('the parent of the zone', 'internal', 'SOA'),
    ask('a sibling of the zone', 'r2lab2.internal'),
    ask('a name that ends in the letters of the zone', 'xr2lab.internal'),
    ask('the zone as a label of another', `${ZONE}.org`),
    ask('the parent of the reverse zones', '168.192.in-addr.arpa', 'SOA'),
    ask('a reverse name of another network', '1.9.168.192.in-addr.arpa', 'PTR'),
    ask('the root', '', 'NS'),
    ask('A of the root', ''),
    ask('a name below a reverse name', `x.7.${REVERSE}`, 'PTR'),
  ];
}

function ofOddLabels(): readonly Question[] {
  const suffix = name(ZONE);
  const long = 'x'.repeat(63);
  // 63 + 63 + 63 + 46 bytes, four lengths, and 16 of the zone: 255, the most that a name has.
  const longest = [long, long, long, 'y'.repeat(46)].map(label);
  return [
    ask(
      'a label with a dot in it that spells a name of the zone',
      concat(label('a\\046b'), name(`deep.${ZONE}`)),
    ),
    ask('the zone as one label', concat(label('r2lab\\046internal'), bytes('00'))),
    ask('a host and the zone as one label', concat(label('fit07\\046r2lab\\046internal'), bytes('00'))),
    ask('a label with a zero byte', concat(label('fit07\\000'), suffix)),
    ask('a label that is a zero byte', concat(label('\\000'), suffix)),
    ask('a label with bytes above 127', concat(label('\\255\\254\\128'), suffix)),
    ask('a label of UTF-8', concat(label('\\195\\188ber'), suffix)),
    ask('a label whose bytes are those of upper case with the high bit', concat(label('\\193\\218'), suffix)),
    ask(
      'a label with brackets, which are no letters in another case',
      concat(label('fit07\\091\\064'), suffix),
    ),
    ask('a label with a backslash', concat(label('fit\\09207'), suffix)),
    ask('a label with a space and control characters', concat(label('\\032\\009\\010\\127'), suffix)),
    ask('a wildcard', `*.${ZONE}`),
    ask('an underscore', `_.${ZONE}`),
    ask('the longest label', `${long}.${ZONE}`),
    ask('the longest name', concat(...longest, suffix)),
    ask('a name of one byte too many', concat(label('z'), ...longest, suffix)),
    ask(
      'a name of 127 labels out of the zone',
      concat(...Array.from({ length: 127 }, () => label('x')), bytes('00')),
    ),
    ask('a name of 120 labels in the zone', concat(...Array.from({ length: 119 }, () => label('x')), suffix)),
    ask('a name of 200 labels', concat(...Array.from({ length: 200 }, () => label('x')), suffix)),
  ];
}
