"""Types on a shell in a terminal of its own, line by line, as a person would.

A JSON object on standard input: {"argv": [...], "env": {...}, "cwd": "...", "lines": [[BASE64, ...], ...]}. Each line is one or several keystrokes
of bytes, each followed by Return; the next line is typed when the prompt, "PS> ", stands there again. Prints one JSON object a line: what the screen
was sent, in base64. A line that begins with the byte 0 is not text: "\\0kill" kills the shell with SIGKILL after a moment, "\\0intr" presses
Ctrl-C, "\\0start" does not wait for what it starts, "\\0end" expects that the shell ends.
"""

import base64, json, os, pty, select, signal, sys, time

given = json.load(sys.stdin)
PROMPT = b"PS> "
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(given["cwd"])
    os.execve(given["argv"][0], given["argv"], given["env"])


def read(seconds):
    """What comes until nothing does for so long, or all that came before the end."""
    out = b""
    while select.select([terminal], [], [], seconds)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            return out, True
        if not piece:
            return out, True
        out += piece
    return out, False


def prompt(out=b""):
    until = time.time() + 20
    while out.count(PROMPT) == 0 and time.time() < until:
        piece, ended = read(0.02)
        out += piece
        if ended:
            return out, True
    # A shell draws its prompt more than once.
    more, ended = read(0.04)
    return out + more, ended


def tell(out):
    print(json.dumps(base64.b64encode(out).decode()), flush=True)


tell(prompt()[0])
for line in given["lines"]:
    keys = [base64.b64decode(each) for each in line]
    if keys[0] == b"\0kill":
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        break
    if keys[0] == b"\0intr":
        time.sleep(0.5)
        os.write(terminal, b"\x03")
        tell(prompt()[0])
        continue
    if keys[0] == b"\0start":
        os.write(terminal, keys[1] + b"\r")
        continue
    ends = keys[0] == b"\0end"
    for index, each in enumerate(keys[1:] if ends else keys):
        if index > 0:
            time.sleep(0.1)
        # A terminal takes some 4,000 bytes at a time.
        each += b"\r"
        for at in range(0, len(each), 512):
            os.write(terminal, each[at : at + 512])
            if len(each) > 512:
                tell(read(0.005)[0])
    tell(read(2)[0] if ends else prompt()[0])
try:
    os.close(terminal)
    os.kill(pid, signal.SIGHUP)
except OSError:
    pass
os.waitpid(pid, 0)
