"""A login by an identity provider that would let nobody in, or somebody else."""

from __future__ import annotations

from .case import ADA, LAB, Bad

PLACE = "jupyter.hub.sign_on"
PROVIDER = f"""{LAB}{ADA}jupyter:
  hub:
    sign_on:  #
      client_id: lab
      secret: lab-sign-on
      authorize_url: https://id.example.org/authorize
      token_url: https://id.example.org/token
      userdata_url: https://id.example.org/userinfo
      callback_url: https://jupyter.example.org/hub/oauth_callback
      usernames: {{7: ada}}
"""


def but(old: str, new: str, *, without: str = "", at: str = "", says: tuple[str, ...]) -> Bad:
    """A provider with one line of another text."""
    assert old in PROVIDER
    text = PROVIDER.replace(old, new).replace(without, "")
    return Bad(text if "# <-" in text else text.replace("sign_on:  #", "sign_on:  # <-"), f"{PLACE}{at and '.'}{at}", says)


BAD = {
    "a provider whose names are nobody's": but(
        "      usernames: {7: ada}\n", "", says=("neither usernames nor domain nor same_names", "`usernames: {NAME: ACCOUNT}`")
    ),
    "a domain of names that have none": but(
        "usernames: {7: ada}", "domain: example.org", says=("domain with username_claim sub", "username_claim: email")
    ),
    "addresses as accounts": but(
        "usernames: {7: ada}", "same_names: true\n      username_claim: email", says=("same_names with username_claim email", "`domain: DOMAIN`")
    ),
    "a name of somebody who has no account": but(
        "usernames: {7: ada}", "usernames: {7: eve}  # <-", at="usernames.7", says=("received 'eve'", "a user of `users`, which are ['ada']")
    ),
    "a name of root": but("usernames: {7: ada}", "usernames: {7: Root}  # <-", at="usernames.7", says=("received 'Root'", "small letters")),
    "a name at the provider with blanks around": but(
        "usernames: {7: ada}", 'usernames: {" 7": ada}  # <-', at="usernames. 7", says=("received ' 7'", "without blanks around it")
    ),
    "a token that everybody on the way reads": but(
        "token_url: https://id.example.org/token",
        "token_url: http://id.example.org/token  # <-",
        at="token_url",
        says=("http://id", "begins with https://"),
    ),
    "a password in a URL": but(
        "userdata_url: https://id.example.org",
        "userdata_url: https://ada:x@id.example.org  # <-",
        at="userdata_url",
        says=("without a user, a password",),
    ),
    "a way back to another page": but(
        "https://jupyter.example.org/hub/oauth_callback",
        "https://jupyter.example.org/  # <-",
        at="callback_url",
        says=("such as https://jupyter.example.org/hub/oauth_callback",),
    ),
    "no way back": but(
        "      callback_url: https://jupyter.example.org/hub/oauth_callback\n",
        "",
        at="callback_url",
        says=("received none, and no ingress.host", "https://jupyter.example.org/hub/oauth_callback"),
    ),
    "a way back to many hosts": but(
        LAB,
        LAB + "ingress: {host: '*.example.org'}\nnetwork: {policies: false}\n",
        without="      callback_url: https://jupyter.example.org/hub/oauth_callback\n",
        at="callback_url",
        says=("received *.example.org, which is many hosts", "https://jupyter.example.org/hub/oauth_callback"),
    ),
    "the secret itself": but(
        "secret: lab-sign-on", "client_secret: 3q2-7w  # <-\n      secret: lab-sign-on", at="client_secret", says=("unknown key", "did you mean")
    ),
    "a provider without a Secret": but("      secret: lab-sign-on\n", "", at="secret", says=("is missing: Secret in the namespace",)),
    "a provider of a login for all": Bad(
        PROVIDER.replace("jupyter:\n", "jupyter:  # <-\n  mode: server\n"), "jupyter", ("received hub with mode server", "write mode: hub")
    ),
}
