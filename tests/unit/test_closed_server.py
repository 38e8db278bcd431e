"""What Jupyter Server leaves open; that it obeys is the contract tests' part, which run it."""

from __future__ import annotations

from jupyter_cluster_constructs.runtime import closed_server


def test_the_login_page_alone_is_open() -> None:
    assert {path for path in closed_server.LOGIN_FILES if not path.startswith(("/static/", "/favicon"))} == set()
