# A member's Jupyter Server: runs as the member, with a directory for its socket that others don't get into.
# Usage: start_member_server.sh SOCKETS RUNTIME KIBIBYTES   directories of the member's; KIBIBYTES is the most private memory of a process
set -eu
cd "$HOME"
ulimit -d "$3"
export JUPYTER_RUNTIME_DIR="$2"
export JUPYTERHUB_SERVICE_URL="http+unix://$(printf %s "$1/server.sock" | sed 's,/,%2F,g')${JUPYTERHUB_SERVICE_PREFIX:-/}"
sh /home/jupyter/config/prepare_home.sh >/dev/null 2>&1
# numpy would start a thread for each CPU of the node, each of which counts 40 MiB; who needs more sets it in the notebook.
threads=$(nproc)
[ "$threads" -le 4 ] || threads=4
export OMP_NUM_THREADS="$threads"
exec jupyterhub-singleuser --config=/home/jupyter/config/member_server_config.py --ServerApp.sock="$1/server.sock"
