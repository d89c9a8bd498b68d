#!/bin/sh
# Resolve pyproject.toml into requirements.txt, requirements-dev.txt and requirements-clients.txt for every supported Python and
# platform.
set -eu

python=$1
"$python" -m uv --version >/dev/null 2>&1 || "$python" -m pip install --quiet uv
compile="$python -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate"

write() {
    { echo "# Made by 'make lock' from pyproject.toml: edit that instead."; cat "$1"; } >"$2"
    rm -f "$1"
}
$compile pyproject.toml --extra map --output-file requirements.lock >/dev/null
write requirements.lock requirements.txt
# The tests need what is optional, too.
$compile pyproject.toml --extra map --extra mcp --group dev --constraint requirements.txt --output-file requirements-dev.lock >/dev/null
# Only what the runtime does not have already; both files are installed together.
grep -vxFf requirements.txt requirements-dev.lock >requirements-dev.only
rm -f requirements-dev.lock
write requirements-dev.only requirements-dev.txt
# Other people's clients live in an environment of their own, so they are resolved on their own.
$compile --group clients --output-file requirements-clients.lock >/dev/null
write requirements-clients.lock requirements-clients.txt
