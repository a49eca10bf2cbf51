"""terminal.py ROWS COLUMNS CMD...: runs CMD under a pseudo terminal; stdin and stdout are the terminal's other end.
A line `\\0resize ROWS COLUMNS\\n` on stdin changes its size. Ends with CMD's exit code."""
import fcntl, os, pty, select, signal, struct, sys, termios

rows, columns = int(sys.argv[1]), int(sys.argv[2])
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])


def resize(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.kill(pid, signal.SIGWINCH)


fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
sources = [0, master]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            sources.remove(0)
        while data.startswith(b"\0resize "):
            order, _, data = data.partition(b"\n")
            resize(*map(int, order.decode().split()[1:3]))
        if data:
            os.write(master, data)
    if master in ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
