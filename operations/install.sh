#!/usr/bin/env bash
# Installs what `make` needs, on a machine that has python3 (3.11 or 3.12), make and the package registries alone.
#   operations/install.sh environment   uv into .tools, then the locked environment into .venv
#   operations/install.sh browser       chromium and a Chinese font by apt (never fails: the browser tests skip without)
set -euo pipefail
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9 # the version that wrote uv.lock
say() { echo "install: $*" >&2; }

as_root() { # runs a command as root when that needs no password; 1 = not possible
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

apt_install() { # 1 = not installed
  command -v apt-get >/dev/null || return 1
  as_root true || return 1
  say "apt-get install $*"
  { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
}

find_python() { # prints a python3 of a version the lock file covers
  local name
  for name in python3.11 python3.12 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  say "no Python 3.11 or 3.12 found. Mend: apt-get install python3 python3-venv"
  exit 1
}

find_uv() { # puts uv into .tools when it is not there
  if [ ! -x .tools/uv/bin/uv ]; then
    # Debian's python3 comes without ensurepip: there `venv` needs the package python3-venv.
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
      apt_install python3-venv || {
        say "python3 has no venv module, and this user may not install packages. Mend: apt-get install python3-venv"
        exit 1
      }
    fi
    say "uv $UV_VERSION into .tools"
    rm -rf .tools/uv
    "$1" -m venv .tools/uv
    .tools/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" || { rm -rf .tools/uv; exit 1; }
  fi
  echo .tools/uv/bin/uv
}

install_environment() {
  local python uv
  python=$(find_python)
  uv=$(find_uv "$python")
  say "the locked environment into .venv"
  # Compiled once here (25 s), not by every one of Airflow's processes at its first start.
  UV_PYTHON_DOWNLOADS=never "$uv" sync --locked --quiet --compile-bytecode --python "$python"
}

install_browser() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  [ -n "$(find /usr/share/fonts -iname '*cjk*' -o -iname 'wqy*' 2>/dev/null | head -1)" ] || missing+=(fonts-noto-cjk)
  [ ${#missing[@]} = 0 ] && return
  apt_install "${missing[@]}" || say "the browser tests will skip. Mend: apt-get install ${missing[*]}"
}

case "${1:-}" in
  environment) install_environment ;;
  browser) install_browser ;;
  *) sed -n 2,4p "$0" >&2; exit 2 ;;
esac
