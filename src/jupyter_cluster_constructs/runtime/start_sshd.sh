# sshd; a Kubernetes volume has no sticky bit, and members must not remove each other's files.
set -eu
chmod 1777 /tmp
exec /usr/sbin/sshd -D -e -f /home/jupyter/config/sshd_config
