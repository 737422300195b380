"""What the tests of the HTML report share: pages to test, and how they are made."""
import os
import pathlib
import subprocess
import sys

CHECK = sys.argv[1]
CAPTURES = pathlib.Path(sys.argv[2])
DEMO = CAPTURES / "xen-4.14.1-smmu"

# Without blanks, as the name of a device-tree node may be.
ATTACK = "\"'><script>document.title='owned'</script><img/src=x/onerror=document.title='owned'>&lt;"

HOSTILE_LOG = f"""(XEN) Xen version 4.14.1{ATTACK} (build@host) (gcc) debug=n Thu Jan 1
(XEN) smmu: /smmu@fd800000{ATTACK}: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, cb=0
[   68.290307] macb ff0e0000.ethernet eth0{ATTACK}: DMA bus error: HRESP not OK
/local/domain/1/name = "{ATTACK}"
""".encode()


def page_of(*arguments, data=b""):
    """The page as text. The program must have written it without a complaint."""
    done = subprocess.run([CHECK, "report", "-", *map(str, arguments)], input=data, check=False,
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout.decode("utf-8")


def field_logs():
    """Real logs, where the environment names them."""
    folder = os.environ.get("XIC_FIELD_DIR")
    return sorted(pathlib.Path(folder, "logs").glob("*.log")) if folder else []


def pages():
    """(name, text) of every page that is tested."""
    for capture in sorted(CAPTURES.iterdir()):
        yield capture.name, page_of("--capture", capture)
    yield "hostile", page_of("--log", "-", data=HOSTILE_LOG)
    yield "empty", page_of("--log", "-", data=b"\n")
    for log in field_logs():
        yield log.stem, page_of("--log", log)
