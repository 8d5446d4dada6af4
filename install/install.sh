#!/usr/bin/env bash
# Installs the restic-manager agent on this machine, or upgrades it and keeps its identity.
#
#   bash install.sh --server http://SERVER:8080 --server-key SHA256:...
#   bash install.sh --uninstall
#
# Download this file, read it, run it with bash. It never disables anything: backup jobs that
# exist already are listed with the command that would disable each.

# The first lines are plain sh, so that every shell can say which one is needed.
if [ -z "${BASH_VERSION:-}" ]; then
  echo "error: run this script with bash: bash install.sh --server URL" >&2
  exit 2
fi
set -euo pipefail
umask 077

program=restic-manager-agent
unit=$program.service
server=""
server_key=""
authority=""
token=()
root=""
uninstall=""
purge=""
partial=()

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

usage() {
  cat <<'USAGE'
usage: bash install.sh --server URL [--server-key SHA256:...] [--server-ca FILE]
                       [--token-stdin | --token-file FILE] [--root DIR]
       bash install.sh --uninstall [--purge]

  --server URL        address of the restic-manager server, as the dashboard shows it
  --server-key KEY    fingerprint of the server's key, as the dashboard shows it: the agent
                      then refuses any other server
  --server-ca FILE    PEM file of a private certificate authority, or of the server's own
                      certificate; it is kept beside the configuration
  --token-stdin       join with a one-time token, read from standard input
  --token-file FILE   join with a one-time token, read from a file
  --root DIR          install below DIR instead of / and start nothing (for images and tests)
  --uninstall         stop the agent and remove it; its identity and configuration stay
  --purge             with --uninstall: remove identity and configuration too
USAGE
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --server | --server-key | --server-ca | --token-file | --root)
        (($# >= 2)) || die "$1 needs a value"
        case $1 in
          --server) server=${2%/} ;;
          --server-key) server_key=$2 ;;
          --server-ca) authority=$2 ;;
          --token-file) token=(--token-file "$2") ;;
          --root) root=${2%/} ;;
        esac
        shift 2
        ;;
      --token-stdin) token=(--token-stdin); shift ;;
      --uninstall) uninstall=yes; shift ;;
      --purge) purge=yes; shift ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; die "unknown option: $1" ;;
    esac
  done
  [[ -z $root || -d $root ]] || die "--root $root: there is no such directory"
  [[ -z $purge || -n $uninstall ]] || die "--purge goes with --uninstall"
  [[ -z $uninstall ]] || return 0
  [[ $server =~ ^https?://[^/[:space:]]+ ]] ||
    die "--server needs the address of the server, for example --server http://backup.lan:8080"
  [[ -z $server_key || $server_key =~ ^SHA256:[0-9a-f]{64}$ ]] ||
    die "--server-key is SHA256: and 64 hexadecimal digits; copy it from the dashboard"
  [[ -z $authority || -s $authority ]] ||
    die "--server-ca $authority: there is no such file, or it is empty"
  [[ -z $authority || -z $root ]] ||
    die "--server-ca does not go with --root: put the file into the image and enrol there"
  [[ ${#token[@]} -eq 0 || -n $server_key ]] ||
    die "a token needs --server-key too: it must not go to a server that only pretends"
  [[ ${token[0]:-} != --token-file || -s ${token[1]} ]] ||
    die "--token-file ${token[1]}: there is no such file, or it is empty"
}

check_root() {
  [[ -n $root || $(id -u) == 0 ]] || die "run as root: backups must be able to read every file"
}

check_machine() {
  if [[ -z $root ]]; then
    [[ -d /run/systemd/system ]] ||
      die "this machine does not run systemd: copy $program here and run '$program enrol $server' under your own supervisor"
  fi
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "there is no agent for $(uname -m); x86_64 and aarch64 are supported" ;;
  esac
  command -v sha256sum >/dev/null || die "sha256sum is missing: install coreutils"
  command -v curl >/dev/null || command -v wget >/dev/null ||
    die "curl is missing: install curl (or wget)"
}

# fetch PATH FILE
fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 3 \
      ${authority:+--cacert "$authority"} --output "$2" "$server$1" ||
      die "cannot download $server$1"
  else
    wget --quiet --tries=3 ${authority:+--ca-certificate="$authority"} \
      --output-document="$2" "$server$1" ||
      die "cannot download $server$1"
  fi
}

# An upgrade knows it without being told again.
keep_authority() {
  local kept=$root/etc/restic-manager/server-ca.pem
  if [[ -n $authority && ! $authority -ef $kept ]]; then
    mkdir -p "${kept%/*}"
    chmod 700 "${kept%/*}"
    install -m 644 "$authority" "$kept"
  fi
  [[ ! -f $kept ]] || authority=$kept
}

forget_partial() { ((${#partial[@]} == 0)) || rm -f "${partial[@]}"; }
trap forget_partial EXIT

# A file beside its destination, so that the last step is one rename.
new_partial() {
  new_file=$(mktemp "$1.XXXXXX")
  partial+=("$new_file")
}

install_agent() {
  local query="os=linux&arch=$arch" binary checksum wanted actual
  local bin=$root/usr/local/bin units=$root/etc/systemd/system
  mkdir -p "$bin" "$units"
  chmod 755 "$bin" "$units"

  new_partial "$bin/.$program"; binary=$new_file
  new_partial "$bin/.$program.sha256"; checksum=$new_file
  say "download the agent from $server"
  fetch "/agent/binary.sha256?$query" "$checksum"
  fetch "/agent/binary?$query" "$binary"
  wanted=$(cut -d' ' -f1 "$checksum")
  actual=$(sha256sum "$binary" | cut -d' ' -f1)
  [[ $wanted =~ ^[0-9a-f]{64}$ ]] || die "the server sent no checksum; nothing was installed"
  [[ $wanted == "$actual" ]] ||
    die "the download does not match its checksum (expected $wanted, got $actual); nothing was installed"

  new_partial "$units/.$unit"
  fetch "/install/$unit" "$new_file"
  grep -q "^ExecStart=/usr/local/bin/$program " "$new_file" ||
    die "the server sent something else than $unit; nothing was installed"

  chmod 755 "$binary"
  chmod 644 "$new_file"
  mkdir -p "$root/var/lib/restic-manager" "$root/etc/restic-manager"
  chmod 700 "$root/var/lib/restic-manager" "$root/etc/restic-manager"
  mv -f "$binary" "$bin/$program"
  mv -f "$new_file" "$units/$unit"
  say "installed $bin/$program (SHA-256 $actual)"
}

# Lines that run a restic of somebody else, comments left out.
runs_restic() { grep -s '^[^#]*restic' "$1" | grep -v 'restic-manager'; }

report() {
  ((reported++)) || say $'\nBackup jobs that exist already and go on running beside the agent. To disable one, run its command:'
  printf '  %s\n    %s\n' "$1" "$2"
}

report_timers() {
  local directory timer name service
  for directory in etc/systemd/system run/systemd/system usr/local/lib/systemd/system usr/lib/systemd/system lib/systemd/system; do
    # Where /lib is /usr/lib, each timer would be found twice.
    [[ ! -L $root/lib || $directory != lib/* ]] || continue
    for timer in "$root/$directory"/*.timer; do
      [[ -f $timer ]] || continue
      name=${timer##*/}
      service=$(sed -n 's/^Unit=//p' "$timer" | tail -n 1)
      service=$root/$directory/${service:-${name%.timer}.service}
      if [[ $name == *restic* && $name != restic-manager* ]] || runs_restic "$service" >/dev/null; then
        report "systemd timer $name" "systemctl disable --now $(printf %q "$name")"
      fi
    done
  done
}

report_cron_tables() {
  local table
  for table in "$root/etc/crontab" "$root"/etc/cron.d/*; do
    if [[ -f $table ]] && runs_restic "$table" >/dev/null; then
      report "$table" "sed -i '/^[^#].*restic/s/^/#/' $(printf %q "$table")"
    fi
  done
  for table in "$root/var/spool/cron/crontabs/root" "$root/var/spool/cron/root"; do
    if runs_restic "$table" >/dev/null; then
      report "crontab of root" "crontab -u root -l | sed '/^[^#].*restic/s/^/#/' | crontab -u root -"
    fi
  done
}

report_cron_scripts() {
  local script
  for script in "$root"/etc/cron.{hourly,daily,weekly,monthly}/*; do
    if [[ -x $script ]] && runs_restic "$script" >/dev/null; then
      report "$script" "chmod -x $(printf %q "$script")"
    fi
  done
}

report_existing_jobs() {
  reported=0
  report_timers
  report_cron_tables
  report_cron_scripts
  ((reported == 0)) || say ""
}

enrol() {
  local arguments=("$server") code=0
  [[ -z $server_key ]] || arguments+=(--server-key "$server_key")
  [[ -z $authority ]] || arguments+=(--server-ca "$authority")
  [[ -z $root ]] || arguments+=(--config "$root/etc/restic-manager/agent.yaml" --state-dir "$root/var/lib/restic-manager")
  "$root/usr/local/bin/$program" enrol "${arguments[@]}" ${token[@]+"${token[@]}"} --exit || code=$?
  ((code == 0)) && return
  if ((${#token[@]} > 0)); then
    say "The agent is installed but not started." >&2
  else
    say "The agent is installed but not started. Run this script again to enrol." >&2
  fi
  exit "$code"
}

start_agent() {
  if [[ -n $root ]]; then
    systemctl --root="$root" --quiet enable "$unit"
    say "enabled $unit below $root"
    return
  fi
  systemctl daemon-reload
  systemctl --quiet enable "$unit"
  systemctl restart "$unit"
  say "$unit runs. Its log: journalctl -u $program"
}

uninstall_agent() {
  local bin=$root/usr/local/bin/$program file=$root/etc/systemd/system/$unit
  if [[ -e $file && -n $root ]]; then
    systemctl --root="$root" --quiet disable "$unit"
  elif [[ -e $file ]]; then
    systemctl --quiet disable --now "$unit"
  fi
  rm -f "$file" "$bin"
  [[ -n $root ]] || systemctl daemon-reload
  say "removed $bin and $unit"
  if [[ -n $purge ]]; then
    rm -rf "$root/var/lib/restic-manager" "$root/etc/restic-manager"
    say "removed identity and configuration. Remove the host in the dashboard too."
  else
    say "identity and configuration stay in /var/lib/restic-manager and /etc/restic-manager; --purge removes them"
  fi
  say "Repositories are untouched."
}

# Everything is read before anything runs: an incomplete download of this file does nothing.
main() {
  parse_arguments "$@"
  check_root
  if [[ -n $uninstall ]]; then
    uninstall_agent
    return
  fi
  check_machine
  keep_authority
  install_agent
  report_existing_jobs
  if [[ -s $root/var/lib/restic-manager/approval.json ]]; then
    say "this machine is enrolled already and keeps its identity"
    ((${#token[@]} == 0)) || say "the token was not used: revoke it in the dashboard, or use it on another machine"
  else
    enrol
  fi
  start_agent
}

main "$@"
