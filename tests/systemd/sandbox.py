"""sandbox.py SERVICE SETTINGS runs inside the sandbox of a service: each attempt must fail. Names of those that did not go to stdout.
What is there to be reached was put there by tests/systemd/work.py."""
import ctypes
import os
import pathlib
import socket
import subprocess
import sys

SERVICE, CONF = sys.argv[1], pathlib.Path(sys.argv[2])
PUBLIC, INSIDE, HERE = ("93.184.216.34", 443), ("10.9.9.9", 443), ("127.0.0.1", 443)  # where something listens

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if getattr(libc, function)(*args) in (-1, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), function)


def write_and_execute():
    libc.mmap.restype = ctypes.c_void_p
    call("mmap", None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))


def reach(address, patience=1):
    """Packets that are held back are not refused: the caller waits."""
    socket.create_connection(address, patience).close()


def reach_by(path):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)


def log_in():
    import psycopg2
    try:
        psycopg2.connect("host=/run/postgresql dbname=nexus user=nexus_api").close()
    except psycopg2.Error as error:
        raise PermissionError from error


# Who may reach what. The fetcher speaks to nobody but the Internet, the decoder to nobody, the others to nobody but this host.
MAY = {"nexus-api": [HERE, "API", "fetcher", "decoder", "keys", "settings", "database", "Redis", "names of users"],
       "nexus-jobs": [HERE, "API", "fetcher", "decoder", "settings", "database", "Redis", "names of users"],
       "nexus-fetch": [PUBLIC, "settings", "names of users"],
       "nexus-decode": ["settings"]}[SERVICE]
THINGS = {address: lambda address=address: reach(address) for address in (PUBLIC, INSIDE, HERE)}
THINGS |= {"fetcher": lambda: reach_by("/run/nexus/fetch.sock"), "decoder": lambda: reach_by("/run/nexus/decode.sock"),
           "API": lambda: reach_by("/run/nexus/api.sock"), "Redis": lambda: reach_by("/run/redis/redis-server.sock"), "database": log_in,
           "keys": lambda: os.listdir(CONF / "keys"), "settings": lambda: open(CONF / "nexus.conf"), "names of users": lambda: open("/etc/passwd")}
OF_SOME = {f"reach {name}": attempt for name, attempt in THINGS.items() if name not in MAY}

ATTEMPTS = OF_SOME | {
    "write /etc": lambda: open("/etc/nexus-was-here", "w"),
    "write /usr": lambda: open("/usr/nexus-was-here", "w"),
    "write /var": lambda: open("/var/nexus-was-here", "w"),
    "write /run/nexus": lambda: open("/run/nexus/was-here", "w"),
    "read another's credentials": lambda: os.listdir(CONF / "credentials"),
    "read /root": lambda: os.listdir("/root/secrets"),
    "become root": lambda: os.setuid(0),
    "set-user-id file": lambda: os.chmod(open("/tmp/x", "w").name, 0o4755),
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "user namespace": lambda: call("unshare", 0x10000000),
    "writable and executable memory": write_and_execute,
    "load a module": lambda: call("syscall", 313, -1, b"", 0),
    "bpf": lambda: call("syscall", 321, 0, None, 0),
    "trace": lambda: call("ptrace", 16, os.getppid() or 1, None, None),
    "set the clock": lambda: os.clock_settime(0, 0) if hasattr(os, "clock_settime") else call("stime", 0),
    "host name": lambda: call("sethostname", b"x", 1),
    "real-time priority": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "personality": lambda: call("personality", 0x0400000),
    "device": lambda: open("/dev/kmsg", "rb"),
    "kernel setting": lambda: open("/proc/sys/kernel/core_pattern", "w"),
    "processes of others": lambda: os.stat("/proc/1/cmdline"),
    "the whole of /proc": lambda: open("/proc/meminfo"),
    "mount by a program": lambda: subprocess.run(["/bin/mount", "-t", "tmpfs", "none", "/tmp"], check=True,
                                                 stderr=subprocess.DEVNULL),
}

allowed = []
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        allowed.append(name)
    except (OSError, AttributeError, subprocess.CalledProcessError):
        pass
print("\n".join(allowed), flush=True)
for name in MAY:  # what fails here is told by the status
    reach(name, 20) if isinstance(name, tuple) else name in ("API", "fetcher", "decoder") or THINGS[name]()
if SERVICE in ("nexus-api", "nexus-jobs") and not pathlib.Path(os.environ["CREDENTIALS_DIRECTORY"], "secret").read_text():
    sys.exit("its own credential is not there")
