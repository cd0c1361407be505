/** What systemd-resolved is told of one link: whom it asks there, and about what. */
export interface Resolver {
  readonly kind: 'resolver';
  readonly link: string;
  /** As resolvectl writes them: `10.3.1.2`, `10.3.1.2:5353`, with `#name` behind it for DNS over TLS. */
  readonly servers: readonly string[];
  /** With `~` in front of those that are looked up here and never appended to a name. */
  readonly domains: readonly string[];
  /** Whether it is asked about all that no other link has a domain for. */
  readonly defaultRoute: boolean;
}

/** The lines of the island in /etc/hosts. */
export interface HostsBlock {
  readonly kind: 'hosts';
  readonly island: string;
  /** Without the markers around them. */
  readonly lines: readonly string[];
}
