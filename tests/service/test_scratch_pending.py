from .test_modes import *
import urllib.request
def test_x(aaa, service):
    bng, cpe = service.bng(MODES["observe"], SECRET), Cpe(1)
    for name, oddities in (("plain", b""), ("odd", ODDITIES)):
        request = bng.access(cpe.attributes("s"+name) + oddities + cpe.line, signed=True)
        bng.send(request.octets)
        r = bng.receive(request, 2.0)
        print(name, r is not None)
    text = urllib.request.urlopen(f"http://127.0.0.1:{service.health_port}/metrics").read().decode()
    print("\n".join(l for l in text.splitlines() if not l.startswith("#") and not l.endswith(" 0.0") and ("drop" in l or "verdict" in l or "upstream" in l or "restart" in l or "reject" in l or "repl" in l)))
    print(service.log()[-1500:])
