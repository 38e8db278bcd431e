# Debian's /etc/profile has just set PATH anew, without what the image put there.
PATH="/opt/venv/bin:$PATH"
