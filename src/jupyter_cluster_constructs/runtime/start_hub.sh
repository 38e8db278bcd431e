# JupyterHub: its database and cookie secret are kept on the shared volume, where no member may read them.
# Usage: start_hub.sh KEPT PROXY OPTION...
set -eu
umask 077
kept=$1 proxy=$2
shift 2
mkdir -p "$kept"
if [ -L "$kept" ] || [ ! -O "$kept" ]; then
  echo "$kept belongs to somebody else; remove it on the NFS server" >&2
  exit 1
fi
chmod 0700 "$kept"
# The proxy makes it; the two share nothing else.
until [ -s "$proxy/token" ]; do sleep 0.2; done
CONFIGPROXY_AUTH_TOKEN=$(cat "$proxy/token")
export CONFIGPROXY_AUTH_TOKEN
cd "$kept"
python3 /home/jupyter/config/hub_database.py "$kept" /run/servers/launcher.sock
exec jupyterhub --config=/home/jupyter/config/jupyterhub_config.py "$@"
