# Host keys, made once and kept on the shared volume.
# Usage: make_host_keys.sh KEPT KIND...
set -eu
umask 077
kept=$1
shift
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
done
