# Kernels' connection files do not belong on NFS; a directory in /tmp is only taken where it is really the member's own.
runtime=/tmp/jupyter-$(id -u)
if mkdir -m 0700 "$runtime" 2>/dev/null || { [ -O "$runtime" ] && [ ! -L "$runtime" ]; }; then
    export JUPYTER_RUNTIME_DIR="$runtime"
fi
unset runtime
