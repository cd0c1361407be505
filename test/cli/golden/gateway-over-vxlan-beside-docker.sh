#!/bin/sh
# faraday is a gateway of r2lab: what "island join" does there, for a host without island.
#
# Made by "island export script" for this host alone, from
#   /etc/island/r2lab.yaml
#   sha256 9541a8369f7086ecd0d1bde2c9473dfea74471fb709bca321234d68ff8fdba7f
# Needs root, awk, ip and bridge (iproute2), nft (nftables), sysctl (procps).
#
#   island-r2lab start    join; where it has been started, nothing; where something is missing, all anew
#   island-r2lab stop     give the host back as it was
#   island-r2lab restart  stop, then start
#   island-r2lab status   say whether all is as it was started, and what differs
#
# Exit status: 0 done or yes; 1 failed or no; 64 not one of these words. "sh -x" in front shows each command.
#
# What a script cannot do, and island does:
# - heal: what somebody takes away stays away until the next start;
# - look around: it is made for the addresses, links, routes and firewalls that this host has now.
#   When they change, or the file does: stop, export again, start;
# - ask: it does not try whether anybody answers, and waits for nobody to confirm. Have another way to log in.
#
# For every boot, /etc/systemd/system/island-r2lab.service:
#   [Unit]
#   Wants=network-online.target
#   After=network-online.target firewalld.service ufw.service docker.service
#   Before=kubelet.service
#   [Service]
#   Type=oneshot
#   RemainAfterExit=yes
#   ExecStart=/usr/local/sbin/island-r2lab start
#   ExecStop=/usr/local/sbin/island-r2lab stop
#   [Install]
#   WantedBy=multi-user.target

set -eu
umask 022
PATH="${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin"
LC_ALL=C
export PATH LC_ALL

island=r2lab
# By these numbers, and by protocol 110, all that is of the island is known again, whoever made it.
group=10310
tables='10310 75846 141382 206918 272454 337990 403526 469062'
# From the first priority of its rules to the last.
first=12480
last=12487
# How it was when it was started.
records=/run/island-script
record=$records/$island
# What was before. Where island keeps it, so that either can go on from the other.
memory=/run/island/$island
before=$memory/sysctls.json
joined=/var/lib/island/$island/joined.json

# What "island plan" prints on a host that has nothing of the island.
make() {
  # The guard, and what keeps sources and sizes as they are: it is there before the first link.
  at='the nftables table'
  nft -f - <<'EOF'
create table inet island-r2lab
table inet island-r2lab {
  set links {
    type ifname
    elements = { "isl-sopn-1ycmgm" }
  }
  set mtu-1450 {
    type ifname
    elements = { "isl-sopn-1ycmgm" }
  }
  set networks {
    type ipv4_addr
    flags interval
    elements = { 10.3.1.0/24, 138.96.245.0/24, 192.168.2.0/24, 192.168.3.0/24 }
  }
  set vxlan-outer {
    type ipv4_addr
    elements = { 138.96.245.50 }
  }
  set vxlan-pairs-24 {
    typeof ip saddr . @th,336,24
    elements = { 138.96.245.50 . 0x8a60f5, 138.96.245.50 . 0xa0301 }
  }
  chain clamp {
    oifname @mtu-1450 tcp option maxseg size set rt mtu comment "clamp towards the link [5d45b388]"
    iifname @mtu-1450 tcp option maxseg size set 1410 comment "clamp from the link [3ff5a047]"
  }
  chain arriving {
    ct state established,related accept comment "of a flow that was let in [19a42641]"
    ip daddr @networks accept comment "to the island [89dec111]"
    ct status dnat ct original ip daddr @networks accept comment "redirected by this host [5ffc0a07]"
    counter drop comment "not to the island [974a3e6f]"
  }
  chain vxlan-in {
    udp dport != 10310 return comment "not a tunnel packet [2f01616e]"
    @th,96,32 0x284600 @th,128,32 0x02f00a03 @th,160,16 0x0103 @th,224,16 0x0800 @th,336,32 != 0xa030103 ip saddr . @th,336,24 @vxlan-pairs-24 accept comment "from a peer [56ffd39e]"
    ip saddr != @vxlan-outer counter drop comment "stranger [fc1cfca6]"
    @th,96,32 != 0x284600 counter drop comment "wrong VNI [8cadd991]"
    @th,128,32 != 0x02f00a03 counter drop comment "not to our MAC [ed539891]"
    @th,160,16 != 0x0103 counter drop comment "not to our MAC [db3148d1]"
    @th,224,16 != 0x0800 counter drop comment "not IPv4 [6d2553c5]"
    counter drop comment "inner source not behind that peer [974a3e6f]"
  }
  chain icmp-in {
    iifname @links icmp type redirect counter drop comment "ICMP redirect [a4560adf]"
  }
  chain refused {
    counter drop comment "GRE or IPv6-in-IP [974a3e6f]"
  }
  chain input {
    type filter hook input priority -150; policy accept;
    meta nfproto ipv4 meta l4proto vmap { 1 : jump icmp-in, 17 : jump vxlan-in, 41 : goto refused, 47 : goto refused } comment "tunnel packets [4eb3f8e5]"
    iifname @links goto arriving comment "what came out of a link [fd7cee65]"
  }
  chain forward {
    type filter hook forward priority -150; policy accept;
    tcp flags & (syn | rst) == syn jump clamp comment "size of segments [332ed123]"
    iifname @links goto arriving comment "what came out of a link [fd7cee65]"
  }
  chain sources {
    type nat hook postrouting priority 90; policy accept;
    ct status dnat return comment "what was redirected keeps its way [291d350c]"
    ip saddr @networks ip daddr @networks snat ip to ip saddr comment "keep the source [d7c8e9df]"
  }
}
EOF

  # In front of somebody else's drops.
  at='the rules in firewalls of others'
  if nft list chain ip filter DOCKER-USER >/dev/null 2>&1; then
    nft -f - <<'EOF'
insert rule ip filter DOCKER-USER iifname "control" oifname "isl-*" counter accept comment "island:r2lab iifname control oifname isl-*"
insert rule ip filter DOCKER-USER iifname "data" oifname "isl-*" counter accept comment "island:r2lab iifname data oifname isl-*"
insert rule ip filter DOCKER-USER iifname "isl-*" counter accept comment "island:r2lab iifname isl-*"
EOF
  fi

  # The links to the other ends.
  at='the links'
  ip link add dev isl-sopn-1ycmgm mtu 1450 group 10310 address 02:f0:0a:03:01:03 type vxlan id 10310 local 138.96.16.97 dstport 10310 srcport 10310 10311 nolearning noudpcsum df unset
  ip link set dev isl-sopn-1ycmgm alias island:r2lab/sopnode-l1 addrgenmode none
  ip link set dev isl-sopn-1ycmgm up

  # The address of this host in the island.
  at='the address'
  ip address replace 10.3.1.3/32 dev isl-sopn-1ycmgm

  # The MAC of each end: nobody asks by ARP.
  at='the neighbours'
  ip neighbour replace 10.3.1.2 lladdr 02:f0:0a:03:01:02 dev isl-sopn-1ycmgm nud permanent

  # A routing table of its own; what it throws is looked up in table main.
  at='the routes'
  ip route replace 10.3.1.2/32 dev isl-sopn-1ycmgm src 192.168.3.100 table 10310 proto 110
  ip route replace 10.3.1.0/24 via 10.3.1.2 dev isl-sopn-1ycmgm onlink src 192.168.3.100 table 10310 proto 110
  ip route replace 138.96.245.0/24 via 10.3.1.2 dev isl-sopn-1ycmgm onlink src 192.168.3.100 table 10310 proto 110
  ip route replace throw 192.168.3.0/24 table 10310 proto 110
  ip route replace throw 192.168.2.0/24 table 10310 proto 110

  # What stays outside, then the way into that table: until here the host routes as before.
  at='the rules'
  ip rule add pref 12480 from 138.96.16.97 lookup main protocol 110
  ip rule add pref 12487 from all lookup 10310 protocol 110

  # Where the frames for each MAC are sent.
  at='the forwarding entries'
  bridge fdb replace 02:f0:0a:03:01:02 dev isl-sopn-1ycmgm dst 138.96.245.50 self permanent

  # Forwarding, link by link and not as a whole.
  at='forwarding'
  sysctl -w net.ipv4.conf.isl-sopn-1ycmgm.forwarding=1
  sysctl -w net.ipv4.conf.control.forwarding=1
  sysctl -w net.ipv4.conf.data.forwarding=1
}

links() {
  ip -o link show group "$group" | sed -n 's/^[0-9]*: \(isl-[^:@]*\)[:@].*/\1/p'
}

# The rules of the island in firewalls of others: family, table, chain, handle, and all of it.
accepts() {
  nft -s -a list ruleset 2>/dev/null | awk -v mark="comment \"island:$island " '
    /^table / { table = $2 " " $3 }
    /^\tchain / { chain = $2 }
    /^\t}/ { chain = "" }
    chain != "" && index($0, mark) && $(NF - 1) == "handle" { print table, chain, $NF, $0 }
  '
}

rules() {
  ip rule show |
    awk -v first="$first" -v last="$last" '$1 + 0 >= first && $1 + 0 <= last && / proto 110 *$/'
}

# All that has the marks; nothing where there is nothing of the island.
present() {
  for link in $(links); do
    ip -o link show dev "$link"
    ip -o -4 address show dev "$link"
    ip neighbour show dev "$link" nud permanent
    bridge fdb show dev "$link"
  done
  for table in $tables; do
    echo "in $table"
    ip route show table "$table" proto 110 2>/dev/null || :
  done | awk '$1 == "in" { table = $2; next } { print "table " table ": " $0 }'
  rules
  nft -s list table inet "island-$island" 2>/dev/null || :
  accepts
}

everything() {
  present
  sysctl net.ipv4.conf.isl-sopn-1ycmgm.forwarding net.ipv4.conf.control.forwarding net.ipv4.conf.data.forwarding 2>&1 || :
}

is_started() {
  [ -f "$record" ] && [ "$(everything)" = "$(cat "$record")" ]
}

# One line of it; where forwarding is on already there is nothing to put back.
earlier() {
  value=$(sysctl -n "$1")
  [ "$value" != 1 ] || return 0
  printf '%s\n    "%s": "%s"' "$comma" "$1" "$value"
  comma=,
}

# Notes what stop has to put back, before anything is changed.
remember() {
  mkdir -p "$memory"
  {
    printf '{\n  "forwardingOfAll": "%s",\n  "earlier": {' "$(sysctl -n net.ipv4.conf.all.forwarding)"
    comma=
    earlier net.ipv4.conf.control.forwarding
    earlier net.ipv4.conf.data.forwarding
    printf '\n  }'
    printf '\n}\n'
  } >"$before"
}

# Not where forwarding was switched as a whole in between: Docker and Kubernetes do that, and rely on it.
put_back() {
  [ -f "$before" ] || return 0
  all=$(sed -n 's/^  "forwardingOfAll": "\([0-9]*\)".*/\1/p' "$before")
  if [ "$(sysctl -n net.ipv4.conf.all.forwarding)" = "$all" ]; then
    sed -n 's/^    "\(net\.ipv4\.conf\.[^"]*\.forwarding\)": "\([0-9]*\)".*/\1 \2/p' "$before" |
      while read -r key value; do
        if [ "$(sysctl -n "$key" 2>/dev/null)" = 1 ]; then sysctl -q -w "$key=$value"; fi
      done
  fi
  rm -f "$before"
  rmdir "$memory" 2>/dev/null || :
}

# Takes away all that has the marks, inside out, whole or not. What cannot be is still present afterwards.
take_away() {
  set +e
  for priority in $(rules | sed 's/:.*//'); do
    ip rule delete pref "$priority" protocol 110
  done
  for table in $tables; do ip route flush table "$table" proto 110 2>/dev/null; done
  for link in $(links); do ip link delete dev "$link"; done
  put_back
  accepts | while read -r family table chain handle _; do
    nft delete rule "$family" "$table" "$chain" handle "$handle"
  done
  nft delete table inet "island-$island" 2>/dev/null
  rm -f "$record"
  rmdir "$records" 2>/dev/null
  set -e
}

say() { printf 'island-%s: %s\n' "$island" "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

refuse_joined() {
  if [ -e "$joined" ]; then
    fail "island has joined $island on this host and looks after it; \"island leave -i $island\" ends that"
  fi
}

start() {
  refuse_joined
  if is_started; then
    say "started already"
    return
  fi
  # What an older script made, or a run that was killed.
  take_away
  left=$(present)
  [ -z "$left" ] || fail "start cannot take away what is here: $left"
  at="what was before"
  trap undo EXIT
  trap 'exit 1' HUP INT TERM
  remember
  make >/dev/null
  at="the record"
  mkdir -p "$records"
  everything >"$record"
  trap - EXIT HUP INT TERM
  say "started"
}

undo() {
  trap - EXIT
  trap '' HUP INT TERM
  take_away
  left=$(present)
  [ -z "$left" ] || fail "start failed at $at, and so did the undo; still here: $left"
  fail "start failed at $at; everything that it did is undone"
}

stop() {
  refuse_joined
  take_away
  left=$(present)
  [ -z "$left" ] || fail "still here: $left"
  say "stopped"
}

status() {
  if is_started; then
    say "all is as it was started"
  elif [ -z "$(present)" ]; then
    fail "not started"
  elif [ -f "$record" ]; then
    everything | diff "$record" - || :
    fail "not all is as it was started (<), but as it is now (>)"
  else
    fail "something of $island is here, and this script did not start it"
  fi
}

case "$#:$*" in
  1:start | 1:stop | 1:restart | 1:status) ;;
  *)
    echo "usage: $0 start | stop | restart | status" >&2
    exit 64
    ;;
esac
[ "$(id -u)" = 0 ] || fail "only root may do that"
case "$1" in
  restart)
    stop
    start
    ;;
  *) "$1" ;;
esac
