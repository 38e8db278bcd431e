# An engine under an id of its own, by which the probes find it among the registered ones; the controller is told when it ends.
# Usage: start_engine.sh CONNECTION_FILE [MARK]   MARK is a file that is made once the controller has the engine.
set -eu
id=$(cat /proc/sys/kernel/random/uuid)
echo "$id" > /tmp/engine-id
if [ $# -gt 1 ]; then
  # A container that starts again finds its /tmp as it was.
  rm -f "$2"
  python3 -E /home/jupyter/config/registration_mark.py "$1" "$id" "$2" &
fi
mkdir -p "$HOME/.ipython/profile_default"
# `tini -g` stops the engine; this shell only waits for it.
trap : TERM
status=0
ipengine --IPEngine.url_file="$1" --Session.session="$id" || status=$?
# Before a pod is stopped, its hook has done this and taken the id away.
test ! -e /tmp/engine-id || python3 -E /home/jupyter/config/leave_controller.py "$1" || true
exit "$status"
