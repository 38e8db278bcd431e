# What starts members' servers; they share its /tmp.
# Usage: start_member_servers.sh DIRECTORY OPTION...
set -eu
# A Kubernetes volume has no sticky bit, and members must not remove each other's files.
chmod 1777 /tmp
# Kernels' connection files: not beside the servers' sockets, which need a place that no member can fill.
runtime=/tmp/.servers
mkdir -p -m 0755 "$runtime"
exec python3 -Es /home/jupyter/config/member_servers.py --runtime="$runtime" "$@"
