"""Runs inside the sandbox of nexus-api.service: each attempt must fail. Names of those that did not go to stdout."""
import ctypes
import os
import pathlib
import socket
import subprocess

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if getattr(libc, function)(*args) in (-1, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), function)


def write_and_execute():
    libc.mmap.restype = ctypes.c_void_p
    call("mmap", None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))


ATTEMPTS = {
    "write /etc": lambda: open("/etc/nexus-was-here", "w"),
    "write /usr": lambda: open("/usr/nexus-was-here", "w"),
    "write /var": lambda: open("/var/nexus-was-here", "w"),
    "write /run/nexus": lambda: open("/run/nexus/was-here", "w"),
    "read another's credentials": lambda: os.listdir("/etc/nexus/credentials"),
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
print("\n".join(allowed))
secret = pathlib.Path(os.environ["CREDENTIALS_DIRECTORY"], "secret")
if not secret.read_text():
    print("its own credential is not there")
