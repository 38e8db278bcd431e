# A member's home, at each login and as the member: what ipp.Client() looks for there, and at the first login an example and a way to the shared
# directory. Whatever fails is left, since somebody wants to log in.
# Usage: prepare_home.sh [CLIENT_FILE SHARED EXAMPLES]
set -u
client=${1:-/home/jupyter/shared/.controller/ipcontroller-client.json}
shared=${2:-/home/jupyter/shared}
examples=${3:-/opt/cluster/examples}
security="$HOME/.ipython/profile_default/security"
link="$security/ipcontroller-client.json"
# Who removes the example or the link doesn't get it back.
welcomed="$HOME/.local/state/jupyter-cluster/welcomed"

welcome() {
    # JupyterLab shows nothing outside the home; anything of this name that is there already stays.
    [ -e "$HOME/shared" ] || [ -L "$HOME/shared" ] || ln -sn "$shared" "$HOME/shared" || return
    for example in "$examples"/*; do
        copy="$HOME/${example##*/}"
        # Another login may do the same now, and a full disk leaves half a file.
        [ -e "$copy" ] || { cp "$example" "$copy.$$" && mv -n "$copy.$$" "$copy"; }
        rm -f "$copy.$$"
        [ -e "$copy" ] || return
    done
    mkdir -p "${welcomed%/*}" && : >"$welcomed"
}

# A file in the link's way is kept beside it.
if [ "$(readlink "$link")" != "$client" ]; then
    mkdir -p -m 0700 "$security" && ln -sfnb "$client" "$link"
fi
[ -e "$welcomed" ] || welcome
exit 0
