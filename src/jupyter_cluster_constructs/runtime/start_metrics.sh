# The metrics, started again whenever they end: a container that ends would take the whole pod out of its Services.
# Usage: start_metrics.sh SOCKET PORT
set -eu
trap 'exit 0' TERM
while :; do
    python3 -E /home/jupyter/config/metrics.py "$@" || echo "metrics.py ended with exit code $?"
    sleep 1
done
