# sshd, and JupyterLab's port held for whose it is while members have processes here.
# Usage: start_sshd.sh [PORT UID]
set -eu
# A Kubernetes volume has no sticky bit, and members must not remove each other's files.
chmod 1777 /tmp
sshd="/usr/sbin/sshd -D -e -f /home/jupyter/config/sshd_config"
if [ $# -eq 0 ]; then
  exec $sshd
fi
exec python3 -SE /home/jupyter/config/held_port.py "$1" "$2" $sshd
