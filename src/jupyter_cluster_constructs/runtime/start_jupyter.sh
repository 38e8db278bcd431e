# Jupyter Server; ipp.Client() without arguments looks for its file in the default profile.
set -eu
mkdir -p "$HOME/.ipython/profile_default/security"
ln -sf /home/jupyter/shared/.controller/ipcontroller-client.json "$HOME/.ipython/profile_default/security/"
exec jupyter lab --config=/home/jupyter/config/shared_jupyter_server.py
