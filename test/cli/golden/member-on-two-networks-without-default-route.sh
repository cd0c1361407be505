#!/bin/sh
# fit02 is a member of r2lab behind faraday: what "island join" does there, for a host without island.
#
# Made by "island export script" for this host alone, from
#   /etc/island/r2lab.yaml
#   sha256 7528ee18d863711a503778cb7b95e3cf3ac000a1dd4609c64102e30030c930f3
# Needs root, awk, ip (iproute2).
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
# - look around: it is made for the addresses and links that this host has now.
#   When they change, or the file does: stop, export again, start;
# - ask: it does not try whether anybody answers, and waits for nobody to confirm. Have another way to log in.
#
# For every boot, /etc/systemd/system/island-r2lab.service:
#   [Unit]
#   Wants=network-online.target
#   After=network-online.target
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
tables='10310 75846 141382 206918 272454 337990 403526 469062'
# From the first priority of its rules to the last.
first=12480
last=12487
# How it was when it was started.
records=/run/island-script
record=$records/$island
joined=/var/lib/island/$island/joined.json

# What "island plan" prints on a host that has nothing of the island.
make() {
  # A routing table of its own; what it throws is looked up in table main.
  at='the routes'
  ip route replace 10.3.1.0/24 via 192.168.3.100 dev control src 192.168.3.2 table 10310 proto 110
  ip route replace 138.96.245.0/24 via 192.168.3.100 dev control src 192.168.3.2 table 10310 proto 110
  ip route replace throw 192.168.3.0/24 table 10310 proto 110
  ip route replace throw 192.168.2.0/24 table 10310 proto 110
  ip route replace 10.3.1.0/24 via 192.168.2.100 dev data src 192.168.2.2 table 75846 proto 110
  ip route replace 138.96.245.0/24 via 192.168.2.100 dev data src 192.168.2.2 table 75846 proto 110
  ip route replace throw 192.168.2.0/24 table 75846 proto 110
  ip route replace throw 192.168.3.0/24 table 75846 proto 110

  # What stays outside, then the way into that table: until here the host routes as before.
  at='the rules'
  ip rule add pref 12480 from 192.168.2.2 lookup 75846 protocol 110
  ip rule add pref 12487 from all lookup 10310 protocol 110
}

rules() {
  ip rule show |
    awk -v first="$first" -v last="$last" '$1 + 0 >= first && $1 + 0 <= last && / proto 110 *$/'
}

# All that has the marks; nothing where there is nothing of the island.
present() {
  for table in $tables; do
    echo "in $table"
    ip route show table "$table" proto 110 2>/dev/null || :
  done | awk '$1 == "in" { table = $2; next } { print "table " table ": " $0 }'
  rules
}

everything() {
  present
}

is_started() {
  [ -f "$record" ] && [ "$(everything)" = "$(cat "$record")" ]
}

# Takes away all that has the marks, inside out, whole or not. What cannot be is still present afterwards.
take_away() {
  set +e
  for priority in $(rules | sed 's/:.*//'); do
    ip rule delete pref "$priority" protocol 110
  done
  for table in $tables; do ip route flush table "$table" proto 110 2>/dev/null; done
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
