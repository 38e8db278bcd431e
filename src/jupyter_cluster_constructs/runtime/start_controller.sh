# The controller: its connection files first, so that clients can read theirs and a changed port takes effect.
set -eu
python3 /home/jupyter/config/connection_files.py /home/jupyter/config/ipcontroller_config.py
exec ipcontroller
