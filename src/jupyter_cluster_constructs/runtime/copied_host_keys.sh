# sshd's host keys: made and kept by an account of their own, since root has no rights over the shared volume, and copied for root; then a command.
# Usage: copied_host_keys.sh KEPT COPIES OWNER KIND... -- COMMAND...
set -eu
kept=$1 copies=$2 owner=$3
shift 3
kinds=
while [ "$1" != -- ]; do
  kinds="$kinds $1"
  shift
done
shift
as_owner() {
  setpriv --reuid="$owner" --regid="$owner" --keep-groups "$@"
}
# A Kubernetes volume is open to everybody, and members' sessions will be in this container.
chmod 0700 "$copies"
missing=
for kind in $kinds; do
  test -s "$copies/ssh_host_${kind}_key" || missing=yes
done
# A container that starts again has its copies, and needs no storage for them.
if [ "$missing" ]; then
  as_owner sh "$(dirname "$0")/make_host_keys.sh" "$kept" $kinds
  for kind in $kinds; do
    copy=$copies/ssh_host_${kind}_key
    (umask 077 && as_owner cat "$kept/ssh_host_${kind}_key" > "$copy.new")
    mv "$copy.new" "$copy"
  done
fi
exec "$@"
