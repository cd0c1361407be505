/** One island with every section of the file, as the docs show it. */
export const EXAMPLE = `island: r2lab
subnet: 10.3.1.0/24               # inner addresses; every host gets its own as a /32
link: ipip                        # default kind of link: ipip | vxlan; a peer may say its own
zone: r2lab.internal              # names served by the DNS responder
port: 10310                       # UDP of vxlan links, TCP of the control API, routing table; two islands on one host differ here
mtu: auto                         # or a number: the underlay's
hub:
  name: sopnode-l1
  outer: 138.96.245.50
  inner: 10.3.1.2
  networks:
    - subnet: 138.96.245.0/24     # next hop for its hosts: the outer address, since it lies inside
peers:
  - name: faraday
    outer: 138.96.16.97           # "local:" beside it where that is a cloud's 1:1 NAT; "link:", "mtu:" if they differ
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
      - { subnet: 192.168.2.0/24, gateway: 192.168.2.100 }
hosts:                            # optional: names for DNS, for tests, for pod routes
  - { name: "fit[01-37]", address: "192.168.3.[1-37]" }
  - { name: sopnode-w1, address: 138.96.245.51, routes: [10.244.1.0/24] }
  - { name: pdu, address: 138.96.245.30, translate: true }   # takes no routes: its gateway translates what the island sends it
forwarding: { networks: true, workers: false }   # between networks of different gateways; between workers
workers: { pool: 10.3.1.64/26, keepalive: 20s }  # optional: workers may join with a token
dns: { client: auto, listen: [192.168.3.100], records: [] }   # optional: how hosts find names; LAN addresses to answer on, too; extra records
checks:                           # optional: what "island test" must reach besides the island itself
  - { name: apiserver, tcp: "sopnode-l1:6443", required: true }
`;
