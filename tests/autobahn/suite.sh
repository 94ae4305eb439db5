# The suite as a program that runs: find_suite sets SUITE to the command, to which options of wstest are added.
# Read by run, which sets OUT, CACHE and fail. The suite is a program for Python 2.7: it goes into a virtualenv in the
# user's cache folder, once; where there is no Python 2.7, the suite's own docker image runs.

SUITE_VERSION=$(sed -n 's/^autobahntestsuite==//p' tests/autobahn/requirements.txt)
VIRTUALENV_VERSION=20.15.1 # the last that makes environments for Python 2.7 and still runs on it
IMAGE=crossbario/autobahn-testsuite:$SUITE_VERSION

# Prints the path of a Python 2.7 that runs (a pyenv shim may stand on the PATH with nothing behind it).
find_python27() {
  local python
  for python in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python2.7; do
    if "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; then
      command -v "$python"
      return
    fi
  done
  return 1
}

# Makes the virtualenv unless it is there. The cache folder's name goes with what is pinned; the mark is written last.
install_suite() {
  local python=$1
  if [ -f "$CACHE/ready" ] && "$CACHE/env/bin/python" -c '' 2>/dev/null; then
    return
  fi
  echo "autobahn: installing the suite into $CACHE"
  command -v cc >/dev/null || fail "the suite has parts in C and there is no C compiler (cc); install one"
  rm -rf "$CACHE/env" "$CACHE/virtualenv" "$CACHE/ready"
  "$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip; install pip for it"
  {
    "$python" -m pip install --quiet --target "$CACHE/virtualenv" "virtualenv==$VIRTUALENV_VERSION" &&
      PYTHONPATH="$CACHE/virtualenv" "$python" -m virtualenv --quiet "$CACHE/env" &&
      "$CACHE/env/bin/python" -m pip install --quiet --requirement tests/autobahn/requirements.txt
  } >"$CACHE/install.log" 2>&1 || {
    cat "$CACHE/install.log" >&2
    fail "the suite could not be installed from PyPI; the output above says why"
  }
  touch "$CACHE/ready"
}

# Sets JUDGE too: the Python that reads the reports.
find_suite() {
  local python
  mkdir -p "$CACHE"
  if python=$(find_python27); then
    if command -v flock >/dev/null; then # two runs at a time install once
      exec 9>"$CACHE/lock"
      flock 9
    fi
    install_suite "$python"
    exec 9>&-
    SUITE=("$CACHE/env/bin/python" "$CACHE/env/bin/wstest")
    JUDGE=$CACHE/env/bin/python
  elif docker info >/dev/null 2>&1; then
    # The container shares the host's network, for the server listens on the loopback address.
    SUITE=(docker run --rm --network host --user "$(id -u):$(id -g)" --volume "$OUT:$OUT" "$IMAGE" wstest)
    JUDGE=$(command -v python3) || fail "needs python3 to read the report"
  else
    fail "needs Python 2.7 (pyenv install 2.7.18 brings one) or a running docker, and there is neither"
  fi
}
