"""What a member's kernel does to take all that there is."""

from __future__ import annotations

FILL = "kept = []\nwhile True: kept.append(b'x' * 20_000_000)"
# Several processes, none of which is larger than one may be; who has to go may have been full for a while.
FILL_BY_MANY = """
import os, subprocess, sys, time
code = "import time; kept = b'x' * 250_000_000; print('full', flush=True); time.sleep(600)"
several = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(5)]
for process in several: process.stdout.readline()
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
