#!/bin/sh
# Upgrades directors one after the other. The VIPs are served throughout: each director enters
# maintenance, which hands over its VIPs, and is back in service before the next one starts.
#
#   rolling-upgrade.sh 'apt-get install -y vrrp-agent && systemctl restart vrrp-agent' lb2 lb1
#
# Name the backups first: then every VIP moves twice at most. If a step fails the script ends, and
# that director stays in maintenance, as the last lines say.
#
# VIA: the program that runs a command on a director (default: ssh).
set -eu

via=${VIA:-ssh}

if [ $# -lt 2 ]; then
  echo "usage: $0 COMMAND DIRECTOR..." >&2
  exit 2
fi
upgrade=$1
shift

say() { echo "$(date +%H:%M:%S) $*"; }

# $1: seconds; the rest: a command that is repeated until it succeeds.
until_true() {
  left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 1
  done
}

answers() { $via "$1" vrrp-agent status; }

# True if no instance is in FAULT or still starting.
in_service() {
  ! $via "$1" vrrp-agent status --json | grep -Eq '"state": "(FAULT|INIT)"'
}

for director; do
  say "$director: into maintenance"
  if ! $via "$director" vrrp-agent maintenance on --reason "'rolling upgrade'" --for 2h --wait 30s; then
    echo "$director: not upgraded; look at: vrrp-agent status; vrrp-agent events" >&2
    # Instances that have handed over already return to service.
    $via "$director" vrrp-agent maintenance off >&2 || true
    exit 1
  fi

  say "$director: upgrade"
  if ! $via "$director" "$upgrade"; then
    echo "$director: the upgrade failed; it stays in maintenance for 2 hours" >&2
    echo "$director: when it works again: vrrp-agent maintenance off" >&2
    exit 1
  fi

  if ! until_true 60 answers "$director"; then
    echo "$director: no agent answers after the upgrade: systemctl status vrrp-agent" >&2
    exit 1
  fi

  say "$director: back into service"
  $via "$director" vrrp-agent maintenance off
  if ! until_true 60 in_service "$director"; then
    echo "$director: not in service after a minute; the next director is not touched" >&2
    $via "$director" vrrp-agent status >&2
    exit 1
  fi
done
say "done: $*"
