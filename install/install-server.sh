#!/usr/bin/env bash
# Installs the restic-manager server that lies beside this script as a service, or upgrades it
# and keeps its data.
#
#   bash install-server.sh --listen 0.0.0.0:8080
#   bash install-server.sh --uninstall

# The first lines are plain sh, so that every shell can say which one is needed.
if [ -z "${BASH_VERSION:-}" ]; then
  echo "error: run this script with bash: bash install-server.sh" >&2
  exit 2
fi
set -euo pipefail
umask 022

program=restic-manager-server
unit=$program.service
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
library=/usr/local/lib/restic-manager
data=/var/lib/$program
settings=/etc/$program/environment
listen=""
base_url=""
uninstall=""
purge=""

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

usage() {
  cat <<'USAGE'
usage: bash install-server.sh [--listen ADDRESS:PORT] [--base-url URL]
       bash install-server.sh --uninstall [--purge]

  --listen ADDRESS:PORT  where it listens: 0.0.0.0:8080 for your network; the default,
                         127.0.0.1:8080, is for a reverse proxy on this machine
  --base-url URL         address under which browsers and agents reach it
  --uninstall            stop the server and remove it; data and settings stay
  --purge                with --uninstall: remove data, settings and the user too
USAGE
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --listen | --base-url)
        (($# >= 2)) || die "$1 needs a value"
        case $1 in
          --listen) listen=$2 ;;
          --base-url) base_url=$2 ;;
        esac
        shift 2
        ;;
      --uninstall) uninstall=yes; shift ;;
      --purge) purge=yes; shift ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; die "unknown option: $1" ;;
    esac
  done
  [[ -z $purge || -n $uninstall ]] || die "--purge goes with --uninstall"
  [[ -z $listen || $listen =~ ^[^[:space:]]+:[0-9]+$ ]] ||
    die "--listen is an address and a port, for example 0.0.0.0:8080"
  [[ -z $base_url || $base_url =~ ^https?://[^/[:space:]]+ ]] ||
    die "--base-url is an address, for example https://backup.example.org"
}

check_machine() {
  [[ $(id -u) == 0 ]] || die "run as root: it makes a user and a service"
  [[ -d /run/systemd/system ]] ||
    die "this machine does not run systemd: run $program under your own supervisor"
  case $(uname -m) in
    x86_64 | amd64) platform=linux-x64 ;;
    aarch64 | arm64) platform=linux-arm64 ;;
    *) die "there is no server for $(uname -m); x86_64 and aarch64 are supported" ;;
  esac
}

check_release() {
  local file
  for file in "$program" "$unit"; do
    [[ -f $here/$file ]] || die "$here/$file is missing: unpack the whole archive and run the script there"
  done
  version=$("$here/$program" --version) ||
    die "$here/$program does not run here; is it the archive for $platform?"
}

# put SOURCE DESTINATION MODE: beside it first, so that the last step is one rename.
put() {
  mkdir -p "$(dirname "$2")"
  install -m "$3" "$1" "$2.new"
  mv -f "$2.new" "$2"
}

make_user() {
  id -u "$program" >/dev/null 2>&1 ||
    useradd --system --home-dir "$data" --no-create-home --shell /usr/sbin/nologin "$program"
}

# The settings as systemd reads them, for a command of the server.
read_settings() {
  [[ ! -f $settings ]] ||
    sed -nE "s/^(RM_[A-Z_]+)=[\"']?([^\"']*)[\"']?[[:space:]]*$/\1=\2/p" "$settings"
}

# A newer server changes the database, and an older one does not open it again.
copy_data() {
  local copy=$data/before-upgrade environment
  [[ -f $data/restic-manager.db && -x /usr/local/bin/$program ]] || return 0
  mapfile -t environment < <(read_settings)
  rm -rf "$copy.new"
  # Exported by the shell itself: settings may hold a password, and every user can read arguments.
  (
    export "RM_DATA_DIR=$data" "${environment[@]}"
    exec setpriv --reuid="$program" --regid="$program" --clear-groups \
      "/usr/local/bin/$program" backup "$copy.new" >/dev/null
  ) || die "the data could not be copied before the upgrade; nothing was changed"
  rm -rf "$copy"
  mv "$copy.new" "$copy"
  say "copied database and secret key to $copy"
}

# The server hands out the agents that lie in the folders beside its own: the one of this
# archive, and those of the same release's other archives, when they are unpacked beside it.
install_programs() {
  local file folder
  put "$here/$program" "$library/$platform/$program" 755
  for file in "$here"/restic-manager-agent "${here%-"$platform"}"-{linux-x64,linux-arm64,windows-x64}/restic-manager-agent{,.exe}; do
    [[ -f $file ]] || continue
    folder=$platform
    [[ ! ${file%/*} =~ (linux|windows)-(x64|arm64)$ ]] || folder=${BASH_REMATCH[0]}
    put "$file" "$library/$folder/${file##*/}" 755
  done
  mkdir -p /usr/local/bin
  ln -sfn "$library/$platform/$program" "/usr/local/bin/$program"
  put "$here/$unit" "/etc/systemd/system/$unit" 644
  say "installed $version"
}

write_settings() {
  if [[ -f $settings ]]; then
    [[ -z $listen$base_url ]] || say "$settings exists already and stays as it is: change it there"
    return
  fi
  mkdir -p "$(dirname "$settings")"
  {
    say "# One setting a line; after a change: systemctl restart $program"
    say "RM_LISTEN=${listen:-127.0.0.1:8080}"
    [[ -z $base_url ]] || say "RM_BASE_URL=$base_url"
  } >"$settings"
  # Settings may hold a password.
  chmod 600 "$settings"
}

unit_property() { systemctl show --value --property="$1" "$unit"; }

start_server() {
  local log="" link ready="The bus is connected"
  [[ -f $data/restic-manager.db ]] || ready="bootstrap url:|The first administrator is made"
  systemctl daemon-reload
  systemctl --quiet enable "$unit"
  systemctl restart "$unit"
  until [[ $log =~ $ready ]]; do
    if ((SECONDS > 60)) || [[ $(unit_property NRestarts) != 0 || $(unit_property ActiveState) != active ]]; then
      die "the server does not start. Its log: journalctl -u $program. Correct $settings and run this script again"
    fi
    sleep 0.2
    log=$(journalctl --quiet --no-pager --output=cat "_SYSTEMD_INVOCATION_ID=$(unit_property InvocationID)")
  done
  say "$unit runs. Its log: journalctl -u $program"
  link=$(sed -n 's/^bootstrap url: //p' <<<"$log")
  [[ -z $link ]] || say $'\nMake the first administrator here, once, within the hour:\n\n    '"$link"$'\n'
}

uninstall_server() {
  if [[ -e /etc/systemd/system/$unit ]]; then systemctl --quiet disable --now "$unit"; fi
  rm -f "/etc/systemd/system/$unit" "/usr/local/bin/$program"
  rm -rf "$library"
  systemctl daemon-reload
  say "removed $program"
  if [[ -n $purge ]]; then
    rm -rf "$data" "$(dirname "$settings")"
    if id -u "$program" >/dev/null 2>&1; then userdel "$program"; fi
    say "removed its data, settings and user. Repositories are untouched."
  else
    say "its data stays in $data, its settings in $settings; --purge removes them"
  fi
}

# Everything is read before anything runs: an incomplete copy of this file does nothing.
main() {
  parse_arguments "$@"
  check_machine
  if [[ -n $uninstall ]]; then
    uninstall_server
    return
  fi
  check_release
  make_user
  copy_data
  install_programs
  write_settings
  start_server
}

main "$@"
