#!/usr/bin/env bash
# Sets up whatever is missing and then runs the demo or the tests. This is the only script
# that starts from nothing: Node, npm and (for the third-party programs) Go.
#
#   bash install/run.sh demo [--dir DIR] [--once --json]
#   bash install/run.sh test
#   bash install/run.sh setup
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Progress goes to stderr: stdout belongs to the results.
say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# quietly LABEL COMMAND...: one line when it works, all of its output when it does not.
quietly() {
  local label=$1 output
  shift
  say "$label"
  if ! output=$("$@" 2>&1); then
    say "$output"
    die "failed: $*"
  fi
}

setup_bun() {
  local wanted installed
  command -v npm >/dev/null || die "npm is missing: install Node 20 or newer (https://nodejs.org)"
  wanted=$(sed -n 's/.*"bun": "\(.*\)".*/\1/p' install/tools/bun/package.json)
  export PATH="$PWD/install/tools/bun/node_modules/.bin:$PATH"
  installed=$(install/tools/bun/node_modules/.bin/bun --version 2>/dev/null || true)
  if [[ $installed != "$wanted" ]]; then
    quietly "install bun $wanted" npm ci --prefix install/tools/bun --no-audit --no-fund
  fi
}

# Runtimes of the other targets are packages too, hence every os and cpu.
setup_packages() {
  quietly "install packages" bun install --frozen-lockfile --os='*' --cpu='*'
}

# The broker and restic are built from pinned Go modules; without Go they may be on PATH.
check_go() {
  command -v go >/dev/null && return
  [[ -n $(command -v nats-server) && -n $(command -v restic) ]] && return
  die "Go is missing: install it (https://go.dev/dl), or put nats-server 2.14 and restic 0.17 (or newer) on PATH"
}

# setup_debian PROGRAM_OR_FILE=PACKAGE...: what the tests use and the machine does not have.
setup_debian() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || [[ -e ${pair%%=*} ]] || missing+=("${pair#*=}")
  done
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || die "missing for the tests: run 'apt-get install ${missing[*]}' as root"
  command -v apt-get >/dev/null || die "missing for the tests: install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  quietly "update the list of Debian packages" apt-get update -q
  quietly "install ${missing[*]}" apt-get install -qy --no-install-recommends "${missing[@]}"
}

command=${1:-}
(($# == 0)) || shift
case $command in
  setup | demo | test) ;;
  *) die "usage: bash install/run.sh demo|test|setup" ;;
esac

setup_bun
setup_packages
check_go
case $command in
  setup) git config core.hooksPath .githooks ;;
  demo) exec bun install/demo.ts "$@" ;;
  test)
    setup_debian chromium-headless-shell=chromium-headless-shell shellcheck=shellcheck systemctl=systemd file=file \
      /usr/sbin/sshd=openssh-server openssl=openssl curl=curl wget=wget \
      cc=gcc /usr/include/time.h=libc6-dev htpasswd=apache2-utils \
      /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1=libfaketime \
      caddy=caddy /usr/sbin/nginx=nginx /usr/sbin/mariadbd=mariadb-server \
      /usr/lib/postgresql=postgresql podman=podman /usr/sbin/runc=runc \
      systemd-nspawn=systemd-container mmdebstrap=mmdebstrap \
      age=age qemu-aarch64-static=qemu-user-static /usr/aarch64-linux-gnu/lib/libc.so.6=libc6-arm64-cross \
      wine=wine /usr/lib/wine/wine64=wine64 x86_64-w64-mingw32-gcc=gcc-mingw-w64-x86-64-win32
    exec bun install/test.ts "$@"
    ;;
esac
