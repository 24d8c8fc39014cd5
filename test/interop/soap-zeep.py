"""Calls the SOAP test application with zeep, whose client is made from the WSDL."""
import datetime
import decimal
import sys

import zeep
from lxml import etree
from zeep import Client, Settings, xsd
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken
from zeep.wsse.utils import WSU

url, secured, exported = sys.argv[1:]
NS = "urn:polywire:shop:orders"
checks = 0


def equal(actual, expected, what):
    global checks
    checks += 1
    if actual != expected:
        sys.exit(f"{what}: expected {expected!r}, got {actual!r}")


for port in ["OrdersSoap11", "OrdersSoap12"]:
    client = Client(f"{url}/soap/orders?wsdl", port_name=port, settings=Settings(strict=True))
    service = client.service
    version = port[-2:]

    # Lists of numbers; zeep unwraps an answer of one member.
    equal(service.Sum(values=[1, 2.5]), 3.5, "sum")

    # Lists of objects with decimals, every digit kept.
    money = service.List()
    equal([one.amount for one in money], [decimal.Decimal("1.00"), decimal.Decimal("2.00")], "list")
    equal(str(money[0].amount), "1.00", "digits")

    # Nillable, optional.
    equal(service.Find(id="none"), None, "nil")
    equal(service.Find(id="known", limit=7), "found", "optional")

    # Declared error with typed data.
    try:
        service.Find(id="x")
        sys.exit("no fault")
    except Fault as fault:
        equal(fault.message, "No order <x>.", "fault message")
        equal(fault.code.split(":")[-1], "Client" if version == "11" else "Sender", "fault code")
        if version == "12":
            equal([one.localname for one in fault.subcodes], ["NOT_FOUND"], "subcode")
        element = client.get_element(f"{{{NS}}}OrderMissing")
        found = fault.detail.find(f"{{{NS}}}OrderMissing")
        data = element.parse(found, client.wsdl.types)
        equal((data.id, data.near), ("x", ["a", "b"]), "fault data")
        exact = fault.detail.find("{urn:polywire:fault}fault")
        equal(exact.findtext("{urn:polywire:fault}code"), "NOT_FOUND", "exact code")

    # A value of every kind.
    value = {
        "id": "A-1",
        "grade": 3,
        "text": " ä€\U0001f600\n<&>\"' ",
        "flag": True,
        "small": -(2**31),
        "count": 2**53 - 1,
        "serial": -(2**63),
        "ratio": 1e-7,
        "price": {"amount": decimal.Decimal("12345678901234567890.10"), "currency": "CHF"},
        "day": datetime.date(2026, 2, 28),
        "at": datetime.datetime(2026, 1, 31, 12, 0, 0, 123456, datetime.timezone.utc),
        "lasting": datetime.timedelta(days=1, hours=12),
        "color": "light blue",
        "level": 2,
        "data": b"\x00\x01\xfe\xff",
        "tags": ["one", "three"],
        "matrix": [{"item": [1, 2]}, {"item": [3]}],
        "note": xsd.Nil,
        "shape": {"square": {"kind": "square", "side": 1.5}},
        "key": {"integer": 7},
        "labels": {"entry": [{"key": "x y", "value": "1"}]},
        "extra": {"object": {"member": [{"name": "a", "number": 1.0}, {"name": "b", "string": "s"}]}},
        "tree": {"name": "root", "children": [{"name": "leaf"}]},
        "first_x0020_name": "Ada",
        "partner": {"name": "ACME", "terms": {"amount": decimal.Decimal("-0.50"), "currency": "EUR"}},
        "Other": "yes",
    }
    back = service.Echo(value=value)
    for name, sent in value.items():
        got = back[name]
        if sent is xsd.Nil:
            equal(got, None, name)
        elif isinstance(sent, dict) or name == "matrix":
            continue
        else:
            equal(got, sent, name)
    equal(back.price.amount, value["price"]["amount"], "decimal")
    equal(back.partner.terms.amount, decimal.Decimal("-0.50"), "other namespace")
    equal([one.item for one in back.matrix], [[1, 2], [3]], "lists of lists")
    equal(back.shape.square.side, 1.5, "choice")
    equal(back.shape.circle, None, "choice not taken")
    equal(back["key"].integer, 7, "choice of scalars")
    equal(back.labels.entry[0].key, "x y", "map")
    equal(back.extra.object.member[0].number, 1.0, "arbitrary JSON")
    equal(back.tree.children[0].name, "leaf", "recursive type")

    # One-way and empty answers.
    response = service.Notify(text="hello")
    equal(response is None or response == "" or getattr(response, "status_code", 202) == 202, True, "one-way")
    equal(service.Remove(id="known"), None, "empty answer")

    # Invalid input names the element.
    try:
        with client.settings(strict=False):
            service.Notify(text="")
        sys.exit("invalid input was taken")
    except Fault as fault:
        exact = fault.detail.find("{urn:polywire:fault}fault")
        equal(exact.findtext("{urn:polywire:fault}code"), "INVALID_ARGUMENT", "invalid")
        violation = exact.find("{urn:polywire:fault}violation")
        equal(violation.get("path"), "/text", "violation")

    # Header blocks as metadata.
    header = etree.Element("{urn:polywire:metadata}tenant")
    header.text = "acme"
    who = service.WhoAmI(_soapheaders=[header])
    body = who.body.result if hasattr(who, "body") else who
    entries = {one.key: one.value for one in body.metadata.entry}
    equal(entries.get("tenant"), "acme", "metadata")

    # A block that must be understood and is not.
    envelope = {
        "11": "http://schemas.xmlsoap.org/soap/envelope/",
        "12": "http://www.w3.org/2003/05/soap-envelope",
    }[version]
    strange = etree.Element("{urn:strange}Thing", {f"{{{envelope}}}mustUnderstand": "1"})
    try:
        service.WhoAmI(_soapheaders=[strange])
        sys.exit("a block was passed over")
    except Fault as fault:
        equal(fault.code.split(":")[-1], "MustUnderstand", "must understand")

    # WS-Security, both kinds of password.
    for digest in [False, True]:
        token = UsernameToken("ada", "correct horse battery", use_digest=digest)
        # The WSDL is for callers whom the hub knows; the messages carry their own proof.
        transport = Transport()
        transport.session.auth = ("ada", "correct horse battery")
        guarded = Client(f"{secured}/soap/orders?wsdl", port_name=port, wsse=token, transport=transport)
        transport.session.auth = None
        for _ in range(2):
            who = guarded.service.WhoAmI()
            body = who.body.result if hasattr(who, "body") else who
            equal(body.id, "ada", f"who, digest {digest}")
        token.password = "wrong password"
        try:
            guarded.service.WhoAmI()
            sys.exit("a wrong password was taken")
        except Fault as fault:
            equal("not known here" in fault.message, True, "wrong password")

        # Created in the past, a nonce that comes again, and timestamps.
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        old = now - datetime.timedelta(hours=1)

        def ask(message, **options):
            guarded.wsse = UsernameToken(
                "ada", "correct horse battery", use_digest=digest, zulu_timestamp=True, **options
            )
            try:
                who = guarded.service.WhoAmI()
                got = (who.body.result if hasattr(who, "body") else who).id
            except Fault as fault:
                got = fault.message
            equal(message in got, True, f"{message}: {got}")

        def stamp(created, expires):
            element = WSU.Timestamp()
            element.append(WSU.Created(created.strftime("%Y-%m-%dT%H:%M:%SZ")))
            element.append(WSU.Expires(expires.strftime("%Y-%m-%dT%H:%M:%SZ")))
            return element

        later = now + datetime.timedelta(minutes=5)
        ask("ada", timestamp_token=stamp(now, later))
        before = [now - datetime.timedelta(minutes=minutes) for minutes in [4, 3]]
        ask("expired", timestamp_token=stamp(*before))
        ask("older than", timestamp_token=stamp(old, later))
        if digest:
            ask("older than", created=old)
            nonce = f"once-{port}"
            ask("ada", nonce=nonce, created=now)
            ask("used before", nonce=nonce, created=now)

# What `polywire contract export` writes is a WSDL too: each operation has a message that can be made.
document = Client(exported, settings=Settings(strict=True)).wsdl
(service,) = document.services.values()
equal(sorted(service.ports), ["ParcelsSoap11", "ParcelsSoap12"], "exported ports")
for port in service.ports.values():
    names = {name for name in port.binding.all()}
    equal({"Get", "List", "Count", "Register", "Move"} <= names, True, f"exported: {names}")
    for operation in port.binding.all().values():
        equal(operation.input.signature() is not None, True, operation.name)

print(f"zeep {zeep.__version__}: {checks} checks passed")
