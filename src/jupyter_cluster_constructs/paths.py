"""Where things are inside the pods."""

CONFIG = "/home/jupyter/config"
SHARED = "/home/jupyter/shared"
JUPYTER_HOME = "/home/jupyter"
ACCOUNTS = "/var/lib/extrausers"  # where libnss-extrausers looks
HOST_KEYS = "/run/host-keys"
JUPYTER_LOGIN = "/run/jupyter-login"
TMP = "/tmp"
EXPORT = "/export"
HOMES = "/home"
STORAGE = "/run/storage"  # the storage as a whole, where an init container looks after it
DIRECTORIES = "/run/directories"

CURVE_SECRET = "/run/curve"
HUB = "/run/hub"
HUB_SOCKET = f"{HUB}/hub.sock"
PROXY = "/run/proxy"
PROXY_SOCKET = f"{PROXY}/api.sock"
SERVERS = "/run/servers"  # a directory for each member's server, and the socket at which servers are asked for
LAUNCHER_SOCKET = f"{SERVERS}/launcher.sock"
SIGN_ON = "/run/sign-on"

METRICS = "/run/metrics"
METRICS_SOCKET = f"{METRICS}/controller.sock"
EXTERNAL_CONTROLLER = "/run/controller"
REGISTRATION_MARK = "/tmp/engine-is-registered"

CONTROLLER_DIRECTORY = f"{SHARED}/.controller"
CONTROLLER_PROFILE = f"{CONTROLLER_DIRECTORY}/profile_default"
# Not in the profile's directory `security`, which the controller closes to everybody else.
ENGINE_CONNECTION_FILE_NAME = "ipcontroller-engine.json"
ENGINE_CONNECTION_FILE = f"{CONTROLLER_DIRECTORY}/{ENGINE_CONNECTION_FILE_NAME}"
CLIENT_CONNECTION_FILE = f"{CONTROLLER_DIRECTORY}/ipcontroller-client.json"
REGISTERED_ENGINES = f"{CONTROLLER_PROFILE}/log/engines.json"
KEPT_HOST_KEYS = f"{SHARED}/.sshd"
KEPT_HUB = f"{SHARED}/.hub"


def home(user: str) -> str:
    """The home directory of a user."""
    return f"/home/{user}"
