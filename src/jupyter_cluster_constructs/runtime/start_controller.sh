# The controller: its connection files first, so that clients can read theirs and a changed port takes effect.
# Usage: start_controller.sh GID_OF_ENGINES GID_OF_CLIENTS
set -eu
python3 /home/jupyter/config/connection_files.py /home/jupyter/config/ipcontroller_config.py --engines "$1" --clients "$2"
exec ipcontroller
