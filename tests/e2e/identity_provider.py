"""An identity provider by OpenID Connect, as small as one can be that refuses what it has to: run it with Tornado.

Usage: identity_provider.py PORT CERTIFICATE KEY CLIENT_SECRET CALLBACK_URL. Whoever comes says by `as` who they are.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
from pathlib import Path
from typing import NamedTuple

from tornado.httputil import url_concat
from tornado.ioloop import IOLoop
from tornado.web import Application, HTTPError, RequestHandler

CLIENT = "lab"


class Code(NamedTuple):
    """What a browser was sent back with: whose it is, and what the hub has to know to use it."""

    subject: str
    challenge: str


class Provider(RequestHandler):
    """All its pages."""

    def initialize(self, secret: str, callback: str, codes: dict[str, Code], tokens: dict[str, str]) -> None:
        self.secret, self.callback, self.codes, self.tokens = secret, callback, codes, tokens

    def check_xsrf_cookie(self) -> None:
        """Clients are no browsers."""

    def get(self, page: str) -> None:
        if page == "authorize":
            self.authorize()
        elif page == "userinfo":
            scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or token not in self.tokens:
                raise HTTPError(401)
            self.write({"sub": self.tokens[token], "groups": ["staff"]})
        else:
            raise HTTPError(404)

    def authorize(self) -> None:
        wanted = {"client_id": CLIENT, "redirect_uri": self.callback, "response_type": "code", "code_challenge_method": "S256"}
        if {name: self.get_argument(name) for name in wanted} != wanted or "openid" not in self.get_argument("scope").split():
            raise HTTPError(400)
        code = secrets.token_urlsafe()
        self.codes[code] = Code(self.get_argument("as"), self.get_argument("code_challenge"))
        self.redirect(url_concat(self.callback, {"code": code, "state": self.get_argument("state")}))

    def post(self, page: str) -> None:
        code = self.codes.pop(self.get_argument("code"), None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(self.get_argument("code_verifier", "").encode()).digest()).decode().rstrip("=")
        known = self.get_argument("client_id") == CLIENT and secrets.compare_digest(self.get_argument("client_secret"), self.secret)
        if page != "token" or not known or code is None or code.challenge != verifier or self.get_argument("redirect_uri") != self.callback:
            self.set_status(400)
            # As a careless one does, it repeats what it was told.
            self.write({"error": "invalid_grant", "error_description": self.request.body.decode()})
            return
        token = secrets.token_urlsafe()
        self.tokens[token] = code.subject
        self.write({"access_token": token, "token_type": "Bearer", "id_token": "not read"})


def main(port: str, certificate: str, key: str, secret: str, callback: str) -> None:
    shared = {"secret": Path(secret).read_text(), "callback": callback, "codes": {}, "tokens": {}}
    Application([("/(.*)", Provider, shared)]).listen(int(port), ssl_options={"certfile": certificate, "keyfile": key})
    print(json.dumps({"listens at": port}), flush=True)
    IOLoop.current().start()


if __name__ == "__main__":
    main(*sys.argv[1:])
