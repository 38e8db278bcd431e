# An engine under an id of its own, by which the probes find it among the registered ones; the controller is told when it ends.
# Usage: start_engine.sh CONNECTION_FILE NANNY [MARK]   NANNY is True or False; MARK is a file that is made once the controller has the engine.
set -eu
id=$(cat /proc/sys/kernel/random/uuid)
echo "$id" > /tmp/engine-id
if [ $# -gt 2 ]; then
  # A container that starts again finds its /tmp as it was.
  rm -f "$3"
  python3 -E /home/jupyter/config/registration_mark.py "$1" "$id" "$3" &
fi
mkdir -p "$HOME/.ipython/profile_default"
# `tini -g` stops the engine; this shell only waits for it.
trap : TERM
status=0
ipengine --IPEngine.url_file="$1" --IPEngine.enable_nanny="$2" --Session.session="$id" || status=$?
# Before a pod is stopped, its hook has done this and taken the id away.
test ! -e /tmp/engine-id || python3 -E /home/jupyter/config/leave_controller.py "$1" || true
exit "$status"
