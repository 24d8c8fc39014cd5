"""XML-RPC by the client of Python's standard library, against test/interop/xmlrpc-serve.ts.

The two classes at the top are those of docs/protocols/xmlrpc.md.
"""

import datetime
import sys
import unittest
import xmlrpc.client


class FaultUnmarshaller(xmlrpc.client.Unmarshaller):
    """Keeps the members of a fault that xmlrpc.client leaves aside."""

    def close(self):
        try:
            return super().close()
        except xmlrpc.client.Fault as fault:
            fault.details = self._stack[0].get("fault", {})
            raise


class FaultTransport(xmlrpc.client.Transport):
    def getparser(self):
        target = FaultUnmarshaller(use_builtin_types=self._use_builtin_types)
        return xmlrpc.client.ExpatParser(target), target


URL = sys.argv.pop(1)


def server(**options):
    return xmlrpc.client.ServerProxy(URL, **options)


class Types(unittest.TestCase):
    def test_builtin_types_come_back_as_they_went(self):
        value = {
            "text": " <tag> & \u00fcml\u00e4ut \U0001f600\n",
            "count": -(2**31),
            "ratio": 5.0,
            "flag": True,
            "at": datetime.datetime(2026, 1, 2, 3, 4, 5),
            "bytes": bytes(range(256)),
            "nothing": None,
            "day": "2026-01-02",
            "numbers": [0.1, 1e-9, -1.5e300, 3.0],
            "nested": {"list": [[1, 2], []], "more": "text"},
        }
        with server(allow_none=True, use_builtin_types=True) as hub:
            answer = hub.test.echo(value)
        self.assertEqual(answer, value)
        self.assertIsInstance(answer["ratio"], float)
        self.assertTrue(all(isinstance(one, float) for one in answer["numbers"]))
        self.assertIsInstance(answer["count"], int)

    def test_wrapped_types(self):
        with server() as hub:
            time = xmlrpc.client.DateTime("20260102T03:04:05")
            answer = hub.test.echo({"at": time, "bytes": xmlrpc.client.Binary(b"\0\xff")})
        self.assertEqual(answer["at"], time)
        self.assertEqual(answer["bytes"].data, b"\0\xff")

    def test_long_integers_keep_their_digits(self):
        # xmlrpc.client writes none itself beyond 32 bits.
        with server() as hub:
            self.assertEqual(hub.test.echo({"long": str(2**63 - 1)}), {"long": 2**63 - 1})
            self.assertEqual(hub.test.any({"value": 1.0 * 2**40}), 2**40)

    def test_encodings(self):
        for encoding in ("utf-8", "iso-8859-1", "utf-16"):
            with server(encoding=encoding) as hub:
                self.assertEqual(hub.test.any({"value": "Gr\u00f6\u00dfe"}), "Gr\u00f6\u00dfe", encoding)
        with server(encoding="koi8-r") as hub:
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                hub.test.any({"value": "x"})
        self.assertEqual(caught.exception.faultCode, xmlrpc.client.UNSUPPORTED_ENCODING)

    def test_large_values_are_packed(self):
        transport = xmlrpc.client.Transport()
        transport.encode_threshold = 100
        with server(transport=transport) as hub:
            text = "polywire" * 50_000
            self.assertEqual(hub.test.any({"value": text}), text)


class Calls(unittest.TestCase):
    def test_parameters_by_position_and_by_name(self):
        with server() as hub:
            self.assertEqual(hub.test.subtract(5, 3), 2.0)
            self.assertEqual(hub.test.later({"a": 5, "b": 3.5}), 1.5)
            self.assertIsNone(hub.test.nothing())

    def test_multicall(self):
        with server() as hub:
            calls = xmlrpc.client.MultiCall(hub)
            calls.test.subtract(9, 4)
            calls.test.fail()
            calls.test.later(1, 2)
            answers = calls()
            self.assertEqual(answers[0], 5)
            self.assertEqual(answers[2], -1)
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                answers[1]
            self.assertEqual(caught.exception.faultCode, -32009)

    def test_introspection(self):
        with server() as hub:
            methods = hub.system.listMethods()
            self.assertIn("test.echo", methods)
            for method in methods:
                self.assertTrue(hub.system.methodSignature(method), method)
                self.assertTrue(hub.system.methodHelp(method), method)
            self.assertEqual(
                hub.system.getCapabilities()["faults_interop"]["specVersion"], 20010516
            )

    def test_headers(self):
        headers = [("X-Color", "green"), ("X-Timeout-Ms", "50")]
        with server(headers=headers, allow_none=True) as hub:
            self.assertEqual(hub.test.who()["header"], "green")
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                hub.test.forever()
        self.assertEqual(caught.exception.faultCode, -32004)

    def test_password_in_the_address(self):
        scheme, rest = URL.split("://")
        for password, code in ((PASSWORD, None), ("wrong", -32016)):
            address = f"{scheme}://{USER}:{password}@{rest}"
            with xmlrpc.client.ServerProxy(address, allow_none=True) as hub:
                if code is None:
                    self.assertEqual(hub.test.who()["principal"], USER)
                else:
                    with self.assertRaises(xmlrpc.client.Fault) as caught:
                        hub.test.who()
                    self.assertEqual(caught.exception.faultCode, code)


class Faults(unittest.TestCase):
    def fault(self, call, *params, **options):
        with server(**options) as hub:
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                getattr(hub, call)(*params)
        return caught.exception

    def test_a_declared_error(self):
        fault = self.fault("test.fail")
        self.assertEqual(fault.faultCode, -32009)
        self.assertEqual(fault.faultString, "There are not enough left.")

    def test_a_declared_error_with_its_data(self):
        fault = self.fault("test.fail", transport=FaultTransport())
        self.assertEqual(fault.details["code"], "FAILED_PRECONDITION")
        self.assertEqual(fault.details["error"], "OutOfStock")
        self.assertEqual(fault.details["data"]["left"], 3)

    def test_codes_of_the_interoperability_specification(self):
        codes = xmlrpc.client
        self.assertEqual(self.fault("test.missing").faultCode, codes.METHOD_NOT_FOUND)
        self.assertEqual(self.fault("test.subtract", 1).faultCode, codes.INVALID_METHOD_PARAMS)
        self.assertEqual(self.fault("test.crash").faultCode, codes.INTERNAL_ERROR)
        self.assertEqual(
            self.fault("test.any", {"value": "\x01"}).faultCode, codes.INVALID_ENCODING_CHAR
        )


USER, PASSWORD = "ada", "lovelace-1815"

if __name__ == "__main__":
    unittest.main(verbosity=1)
