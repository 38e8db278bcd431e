"""What a member's kernel does to take all that there is."""

from __future__ import annotations

FILL = "kept = []\nwhile True: kept.append(b'x' * 20_000_000)"
_GROW = """
import time
kept = []
for _ in range(50):
    kept.append(b"x" * 5_000_000)
    time.sleep(0.02)
print("full", flush=True)
time.sleep(600)
"""
# Several processes, none of which is larger than one may be, one after the other and no faster than a program that computes: who takes
# everything at once meets the kernel first. Who has to go may have been full for a while.
FILL_BY_MANY = f"""
import os, subprocess, sys, time
several = []
for _ in range(5):
    several.append(subprocess.Popen([sys.executable, "-c", {_GROW!r}], stdout=subprocess.PIPE))
    several[-1].stdout.readline()
ended, until = [], time.monotonic() + 30
while not ended and time.monotonic() < until:
    time.sleep(0.1)
    ended = [process.returncode for process in several if process.poll() is not None]
print(ended)
"""
# Memory of no process: nobody but the kernel sees whose it is.
FILL_UNSEEN = "import os\nfile = os.memfd_create('unseen')\nwhile True: os.write(file, bytes(50_000_000))"
FORKED = """
import multiprocessing, time
kept = b"x" * 300_000_000
def length(seconds):
    time.sleep(seconds)
    return len(kept)
with multiprocessing.get_context("fork").Pool(5) as pool:
    print(pool.map(length, [1] * 5, chunksize=1))
"""
HOG = '''
import os, subprocess, sys
hog = """
import hashlib, threading
for _ in range(64):
    threading.Thread(target=lambda: [hashlib.sha256(bytes(10_000_000)) for _ in range(10_000)]).start()
"""
process = subprocess.Popen([sys.executable, "-c", hog])
'''
