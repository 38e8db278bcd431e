"""Hashes and public keys made by the real programs, and an account or two."""

from __future__ import annotations

import textwrap
from pathlib import Path

from jupyter_cluster_constructs.spec import User

# What every hash below is a hash of: made by libxcrypt's crypt(3), at little cost.
PASSWORD = "correct horse"
PASSWORD_HASHES = {
    "sha512crypt": "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/",
    "sha512crypt with rounds": "$6$rounds=1000$1eWaYg7WmBsZskNM$"
    "23fxkCbewrxV.qLOdgP683pYGnWZVud/6L5v.Phu764r2tWUxa1xJcAtrdelckemb62bu4IR5.4nnjrdee937.",
    "sha512crypt of openssl": "$6$abc$dv7vAygfDghQeO8lNAuLv4y4HAQXw9d6a14dcjFGfTijFc0S6MgzM7g53hZv6MaGDXhNpGxhpXakWuTlqHtzn.",
    "sha256crypt": "$5$rounds=1000$PXYIYnzjspkN/E8P$47c1mlYzzfHshMwdrnMQ6wL28uE7v/lmO.uhfqwqDT5",
    "yescrypt": "$y$j75$K0TfqWw0aT1SmslDRD1dR1$6vo5M7UhMlrqNHct9RLafS3Io/.ClHRy2BADDKJons6",
    "gost-yescrypt": "$gy$j75$qzLfvktDrA08t33urzJ5J.$CIvij.fzX7KSvvUVEZFfjj8mbKCBTEpyOucdkesN0N.",
    "scrypt": "$7$BU..../....NTPmCCPr5M8ei9ujb2bMm1$JyZLkyjdChsC8QJtZNbPm2KOZgKoXQXjbgXScFdiyy2",
    "bcrypt 2b": "$2b$04$MO0nAuBcMSyGPFY6JJ1CUut0M0GBJ7VS0VPv30q8/lWJKaNC29Xua",
    "bcrypt 2a": "$2a$04$mtMJ46XQ2mLUFe3.6Uq6Dep4TGW7RyHKM8ehd/aKMvoudXG/FXJGW",
    "bcrypt 2y": "$2y$04$ElcCm.0EXg5.QVQWXWFaTOIZkbQ/oh1UQHdMTAR.MdTSkdxeP8ndS",
}
WEAK_HASHES = {
    "MD5": "$1$A0okLLW5$AK6qIsRFMDQ9KxlbBkUnt1",
    "DES": "/nsjLZ6cP38EQ",
    "BSDI DES": "_/...N/ryF2yeU2DHm6k",
    "SHA-1": "$sha1$838$cS5YZdgnZMH8yO2nlSSJ$d3cAtSwIaHK9PSAJzokckb9/mkjq",
    "NT": "$3$$cfc43211ba8dc470832267827cac1407",
}
SHA512 = PASSWORD_HASHES["sha512crypt"]

# What `jupyter_server.auth.passwd("correct horse", algorithm)` made.
JUPYTER_HASHES = {
    "argon2": "argon2:$argon2id$v=19$m=10240,t=10,p=8$6LUUXTIm72O5j+sZhvvo/Q$jTF0T6xqgqDvQSDvRTBdLWn5NxuoEuJPQQx9111HJEo",
    "sha256": "sha256:4b5f77085f35:da520263ef776316d68e4bc657241f9ab8ec81596bcf816270e65cf5f0cab328",
    "sha1": "sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9",
}

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9l ada@laptop"
SSH_KEYS = (
    ED25519,
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPAsdPoSWC9oPUGPdp/wPo2tatUco0MyqwSZXBK0QhaATmhl4VF22wPRK4lRRgmeYZT2z"
    "ubqT/5TAwPq39832KU= ada@laptop",
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBJoWOwOxJQZCisAtwfRpFJmOc8vHoSOLGP7uTJ05PxsAg5Ty2qo7KARmTd3d4BaDDXzV4"
    "ymZBrXjLUrNari6jQMMZgHVz4UX8ML5yFNMZ8HVhDQFq792R5WmdrUxuzaG5A==",
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADhg6bEChDFXYViDsTWPfbL97i/8ka37tBfAn3lIfacVdoJ25gy3uAqt79YzuXXmgDeo"
    "eTv3DSjXFOHiAyK3FuYYwAreX7pXVqb4NDwwFxnKxOZIanGFX2CAJLM3v8p4tp7WwVNgAeuQsAQu96F07K0Y4bfeTnEPUnadZHPW41NteeXTQ== ada@laptop",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCYrFnJa0Bvs4YloUGKCbEJHAjTigPo3k9J0cTKjdsra0fNZFhxBa0kFy+fK6xiXI0uZghVWjItOeqqvBgq/8qsc7ii3ZwqM/uPxCvBeJ"
    "uAhQy8M/aO3wxpDEMbzeMa7tvu8wiMEU7aq1Rfw41oYgRK8o4K3y/1P5bOv0Y5K9OE+l/MPgFx4WF9NV4sNbis5YmMt4h/6/dxxdeLd5Z4Ptl5NIQTxGYaGVdjFnrpPbuXoLHRo2VSdakd"
    "B4MIl+8CFDIVZNYC3feRwq0J8GudSHcgHcvMKfM1dTyyKbInFr7DUufAhR9Os1iUZl1bdC9xco7sy70Xw6TxYXd3e3pIpSyj ada lovelace's laptop",
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9lAAAABHNzaDo= ada@token",
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBPAsdPoSWC9oPUGPdp/wPo2tatUco0MyqwS"
    "ZXBK0QhaATmhl4VF22wPRK4lRRgmeYZT2zubqT/5TAwPq39832KUAAAAEc3NoOg== ada@token",
)

# An identity provider in which nobody chooses their names.
SIGN_ON = {
    "client_id": "lab",
    "secret": "s",
    "authorize_url": "https://id.example.org/authorize",
    "token_url": "https://id.example.org/token",
    "userdata_url": "https://id.example.org/userinfo",
    "callback_url": "https://jupyter.example.org/hub/oauth_callback",
    "same_names": True,
}

ADA = User(name="ada", uid=1001, password_hash=SHA512)
GRACE = User(name="grace", uid=1002)


def settings_file(directory: Path, text: str) -> Path:
    """A settings file in a directory, its text freed of the indentation that the test gave it."""
    file = directory / "cluster.yaml"
    file.write_text(textwrap.dedent(text).lstrip("\n"))
    return file
