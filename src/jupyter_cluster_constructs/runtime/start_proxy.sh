# JupyterHub's proxy: whom it may tell its routes apart from is who knows a token, which lives as long as the pod.
# Usage: start_proxy.sh DIRECTORY PORT HUB   HUB is the URL of the hub
set -eu
umask 077
if [ ! -s "$1/token" ]; then
  od -A n -t x1 -N 32 /dev/urandom | tr -d ' \n' > "$1/token.new"
  mv "$1/token.new" "$1/token"
fi
rm -f "$1/api.sock"
CONFIGPROXY_AUTH_TOKEN=$(cat "$1/token")
export CONFIGPROXY_AUTH_TOKEN
export NODE_OPTIONS=--require=/home/jupyter/config/held_port.js
# Its Node.js is on no other path.
export PATH="/opt/proxy/bin:$PATH"
# What an Ingress controller said of where a request came from, and how, is handed on as it is.
exec configurable-http-proxy --no-x-forward --ip 0.0.0.0 --port "$2" --api-socket "$1/api.sock" --default-target "$3" --error-target "$3/hub/error" --log-level warn
