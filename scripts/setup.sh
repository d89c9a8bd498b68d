#!/bin/sh
# Make the virtual environment $1 with a suitable Python and install the requirement files that follow.
# PYTHON=… chooses the interpreter; otherwise the newest of 3.13, 3.12 and 3.11 on the PATH that can make one.
set -eu

venv=$1
shift

# Prints nothing if the interpreter will do, else the reason why not.
refusal() {
    command -v "$1" >/dev/null 2>&1 || { echo "not found"; return; }
    "$1" - 2>/dev/null <<'PY' || echo "does not start"
import importlib.util, sys
v = sys.version_info
if not (3, 11) <= v[:2] <= (3, 13):
    print(f"is {v[0]}.{v[1]}.{v[2]}, not 3.11, 3.12 or 3.13")
elif not all(importlib.util.find_spec(m) for m in ("venv", "ensurepip")):
    print(f"is {v[0]}.{v[1]}.{v[2]} but has no venv module (on Debian and Ubuntu: apt install python{v[0]}.{v[1]}-venv)")
PY
}

choose() {
    if [ -n "${PYTHON:-}" ]; then
        why=$(refusal "$PYTHON")
        [ -z "$why" ] && { command -v "$PYTHON"; return; }
        echo "PYTHON=$PYTHON $why. Give one that is 3.11, 3.12 or 3.13." >&2
        return 1
    fi
    tried=""
    for name in python3.13 python3.12 python3.11 python3 python; do
        why=$(refusal "$name")
        [ -z "$why" ] && { command -v "$name"; return; }
        [ "$why" = "not found" ] || tried="$tried
  $name $why"
    done
    echo "Mnemoscope needs Python 3.11, 3.12 or 3.13, with venv; none was found on the PATH.${tried:+ Tried:$tried}
Install one, or name it: make run PYTHON=/path/to/python3.12" >&2
    return 1
}

# An environment whose Python is gone, or is not the one that was asked for, is made again.
if [ -d "$venv" ]; then
    why=$(refusal "$venv/bin/python")
    if [ -z "$why" ] && [ -n "${PYTHON:-}" ]; then
        theirs=$("$PYTHON" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || echo "none")
        ours=$("$venv/bin/python" -c 'import sys; print(sys.version_info[:2])')
        [ "$theirs" = "$ours" ] || why="has another version than PYTHON=$PYTHON"
    fi
    if [ -n "$why" ]; then
        python=$(choose)
        echo "Making $venv again: its Python $why."
        rm -rf "$venv"
    fi
fi
if [ ! -d "$venv" ]; then
    python=${python:-$(choose)}
    echo "Making $venv with $("$python" -V)."
    "$python" -m venv "$venv"
fi

args=""
for file in "$@"; do
    args="$args -r $file"
done
echo "Installing $* (about ${SIZE:-1 GB} the first time)."
# Half of the time would go into compiling modules that nobody imports: Python compiles each one when it first is.
# shellcheck disable=SC2086  # the file names are ours and have no spaces
"$venv/bin/python" -m pip install --no-compile --quiet --disable-pip-version-check --no-input $args || {
    echo "The requirements could not be installed (see above). With a network or a package mirror that pip knows, run the same command again." >&2
    exit 1
}
