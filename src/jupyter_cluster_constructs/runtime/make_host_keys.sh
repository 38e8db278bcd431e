# Host keys: made once, kept on the shared volume, copied to where sshd's root, who has no rights over it, can read them.
# Usage: make_host_keys.sh KEPT COPIES KIND...
set -eu
umask 077
kept=$1 copies=$2
shift 2
mkdir -p "$kept"
if [ -L "$kept" ] || [ ! -O "$kept" ]; then
  echo "$kept belongs to somebody else; remove it on the NFS server" >&2
  exit 1
fi
for kind in "$@"; do
  key=$kept/ssh_host_${kind}_key
  if [ ! -s "$key" ]; then
    rm -f "$key.new" "$key.new.pub"
    ssh-keygen -q -t "$kind" -N '' -C '' -f "$key.new"
    mv "$key.new.pub" "$key.pub"
    mv "$key.new" "$key"
    echo "made $key"
  fi
  install -m 0640 "$key" "$copies/ssh_host_${kind}_key"
done
