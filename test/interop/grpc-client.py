"""gRPC by grpcio, against test/interop/grpc-serve.ts: types come from reflection alone.

The server gets SIGTERM at the end, so that Watch sees it stop.
"""

import os
import signal
import sys
import threading
import unittest

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

TARGET = sys.argv.pop(1)
SERVER_PID = int(sys.argv.pop(1))
FULL = [("authorization", "Bearer token-of-somebody-who-may-do-everything")]
LIMITED = [("authorization", "Bearer token-of-somebody-who-may-do-little")]
TIMEOUT = 20

OPTIONS = [("grpc.max_receive_message_length", 16 * 1024 * 1024)]
CHANNEL = grpc.insecure_channel(TARGET, options=OPTIONS)
DATABASE = ProtoReflectionDescriptorDatabase(CHANNEL)
POOL = descriptor_pool.DescriptorPool(DATABASE)


def message_type(name):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


class Service:
    """The methods of a service as reflection describes them."""

    def __init__(self, name, channel=CHANNEL):
        for method in POOL.FindServiceByName(name).methods:
            ways = {
                (False, False): channel.unary_unary,
                (False, True): channel.unary_stream,
                (True, False): channel.stream_unary,
                (True, True): channel.stream_stream,
            }
            make = ways[(method.client_streaming, method.server_streaming)]
            answer = message_factory.GetMessageClass(method.output_type)
            stub = make(
                f"/{name}/{method.name}",
                request_serializer=lambda value: value.SerializeToString(),
                response_deserializer=answer.FromString,
            )
            setattr(self, method.name, stub)
            setattr(self, f"{method.name}Input", message_factory.GetMessageClass(method.input_type))


MATRIX = Service("matrix.Matrix")
SHOP = Service("shop.Shop")
WITNESS = Service("witness.Witness")


def item(count, text="\u00e4 \u20ac"):
    return MATRIX.UnaryInput(count=count, text=text)


def pairs(items):
    return [(one.count, one.text) for one in items]


class Case(unittest.TestCase):
    def fails(self, code, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception

    def ended(self, code):
        self.assertEqual(WITNESS.Ending(WITNESS.EndingInput(), timeout=TIMEOUT).value, code)


class Reflection(Case):
    def test_lists_services(self):
        names = set(DATABASE.get_services())
        for name in ["matrix.Matrix", "shop.Shop", "grpc.health.v1.Health", "polywire.Events"]:
            self.assertIn(name, names)

    def test_says_what_is_not_there(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(CHANNEL)
        ask = reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.Such")
        (answer,) = stub.ServerReflectionInfo(iter([ask]), timeout=TIMEOUT)
        self.assertEqual(answer.error_response.error_code, 5)


class Shapes(Case):
    def test_unary(self):
        self.assertEqual(pairs([MATRIX.Unary(item(3), timeout=TIMEOUT)]), [(3, "\u00e4 \u20ac")])

    def test_server_stream(self):
        answer = MATRIX.ServerStream(item(50, "x"), timeout=TIMEOUT)
        self.assertEqual(pairs(answer), [(index, "x") for index in range(50)])

    def test_client_stream(self):
        total = MATRIX.ClientStream(iter([item(1, "ab"), item(2, "c")]), timeout=TIMEOUT)
        self.assertEqual((total.items, total.characters), (2, 3))

    def test_bidirectional_item_by_item(self):
        more = threading.Semaphore(1)

        def items():
            for index in range(20):
                # The next one goes out when the last has come back.
                more.acquire()
                yield item(index)

        seen = []
        for one in MATRIX.Bidirectional(items(), timeout=TIMEOUT):
            seen.append(one.count)
            more.release()
        self.assertEqual(seen, list(range(20)))

    def test_many_at_once(self):
        calls = [MATRIX.Unary.future(item(index, "y"), timeout=TIMEOUT) for index in range(300)]
        self.assertEqual([call.result().count for call in calls], list(range(300)))

    def test_large_messages(self):
        text = "polywire" * 98_304
        (answer,) = MATRIX.Bidirectional(iter([item(1, text)]), timeout=TIMEOUT)
        self.assertEqual(answer.text, text)

    def test_message_past_the_limit(self):
        self.fails(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            lambda: MATRIX.Unary(item(1, "x" * 4_200_000), timeout=TIMEOUT),
        )


class Endings(Case):
    def test_deadline(self):
        for call in [
            lambda: MATRIX.UnarySlow(item(1), timeout=0.2),
            lambda: list(MATRIX.ServerStreamSlow(item(1), timeout=0.2)),
            lambda: MATRIX.ClientStreamSlow(iter([item(1)]), timeout=0.2),
            lambda: list(MATRIX.BidirectionalSlow(iter([item(1)]), timeout=0.2)),
        ]:
            self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, call)
            self.ended("DEADLINE_EXCEEDED")

    def test_cancel(self):
        stream = MATRIX.ServerStreamSlow(item(1), timeout=TIMEOUT)
        next(stream)
        stream.cancel()
        self.ended("CANCELLED")
        both = MATRIX.BidirectionalSlow(iter([item(1)]), timeout=TIMEOUT)
        next(both)
        both.cancel()
        self.ended("CANCELLED")
        self.assertEqual(both.code(), grpc.StatusCode.CANCELLED)

    def test_a_channel_that_is_closed_cancels(self):
        channel = grpc.insecure_channel(TARGET, options=[("grpc.use_local_subchannel_pool", 1)])
        stream = Service("matrix.Matrix", channel).ServerStreamSlow(item(1), timeout=TIMEOUT)
        next(stream)
        channel.close()
        self.ended("CANCELLED")

    def test_declared_error_with_typed_data(self):
        for call in [
            lambda: MATRIX.UnaryReject(item(2), timeout=TIMEOUT),
            lambda: list(MATRIX.ServerStreamReject(item(2), timeout=TIMEOUT)),
            lambda: MATRIX.ClientStreamReject(iter([item(1), item(1)]), timeout=TIMEOUT),
            lambda: list(MATRIX.BidirectionalReject(iter([item(1), item(1)]), timeout=TIMEOUT)),
        ]:
            error = self.fails(grpc.StatusCode.NOT_FOUND, call)
            details = {one.type_url.split("/")[1]: one for one in rpc_status.from_call(error).details}
            data = message_type("matrix.ItemMissing")()
            self.assertTrue(details["matrix.ItemMissing"].Unpack(data))
            self.assertEqual((data.count, list(data.near)), (2, ["a", "b"]))
            info = error_details_pb2.ErrorInfo()
            self.assertTrue(details["google.rpc.ErrorInfo"].Unpack(info))
            self.assertEqual((info.metadata["error"], info.domain), ("ItemMissing", "matrix"))

    def test_invalid_input_names_the_field(self):
        error = self.fails(
            grpc.StatusCode.INVALID_ARGUMENT, lambda: MATRIX.Unary(item(-1), timeout=TIMEOUT)
        )
        (detail,) = [
            one
            for one in rpc_status.from_call(error).details
            if one.Is(error_details_pb2.BadRequest.DESCRIPTOR)
        ]
        bad = error_details_pb2.BadRequest()
        detail.Unpack(bad)
        self.assertEqual([one.field for one in bad.field_violations], ["count"])

    def test_credentials(self):
        call = MATRIX.UnarySecret
        self.fails(grpc.StatusCode.UNAUTHENTICATED, lambda: call(item(1), timeout=TIMEOUT))
        self.fails(
            grpc.StatusCode.PERMISSION_DENIED,
            lambda: call(item(1), timeout=TIMEOUT, metadata=LIMITED),
        )
        self.assertEqual(call(item(1), timeout=TIMEOUT, metadata=FULL).count, 1)

    def test_unknown_methods_and_services(self):
        for path in ["/matrix.Matrix/Nowhere", "/nobody.Nobody/Nothing"]:
            call = CHANNEL.unary_unary(path)
            self.fails(grpc.StatusCode.UNIMPLEMENTED, lambda: call(b"", timeout=TIMEOUT))


class Metadata(Case):
    def test_both_ways_and_binary(self):
        sent = [("x-question", "why"), ("x-raw-bin", b"\x01\x02\xff\x04")]
        answer, call = SHOP.Headers.with_call(
            SHOP.HeadersInput(), timeout=TIMEOUT, metadata=sent
        )
        self.assertEqual((answer.text, answer.binary), ("why", "AQL/BA=="))
        received = dict(call.initial_metadata())
        self.assertEqual(received["x-bytes-bin"], b"\x00\x01\x02")
        self.assertEqual(received["x-answer"], "gr%C3%BCezi")
        self.assertEqual(call.code(), grpc.StatusCode.OK)


class Compression(Case):
    def test_gzip(self):
        channel = grpc.insecure_channel(TARGET, compression=grpc.Compression.Gzip, options=OPTIONS)
        matrix = Service("matrix.Matrix", channel)
        text = "polywire" * 10_000
        answer, call = matrix.Unary.with_call(item(1, text), timeout=TIMEOUT)
        self.assertEqual(answer.text, text)
        total = matrix.ClientStream(iter([item(1, text)] * 3), timeout=TIMEOUT)
        self.assertEqual((total.items, total.characters), (3, 240_000))
        self.assertEqual(pairs(matrix.ServerStream(item(3, text), timeout=TIMEOUT))[2], (2, text))
        channel.close()

    def test_deflate_is_refused_as_the_protocol_says(self):
        channel = grpc.insecure_channel(TARGET, compression=grpc.Compression.Deflate)
        matrix = Service("matrix.Matrix", channel)
        self.fails(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: matrix.Unary(item(1, "x" * 5000), timeout=TIMEOUT),
        )
        channel.close()


class Keepalive(Case):
    def test_pings_keep_an_idle_stream(self):
        channel = grpc.insecure_channel(
            TARGET,
            options=[
                ("grpc.keepalive_time_ms", 1000),
                ("grpc.keepalive_timeout_ms", 1000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.max_pings_without_data", 0),
                ("grpc.use_local_subchannel_pool", 1),
            ],
        )
        stream = Service("matrix.Matrix", channel).ServerStreamSlow(item(1), timeout=3.5)
        next(stream)
        # Three pings later it is its own deadline that ends the call.
        self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(stream))
        self.ended("DEADLINE_EXCEEDED")
        channel.close()


class Health(Case):
    def check(self, service):
        stub = health_pb2_grpc.HealthStub(CHANNEL)
        return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT).status

    def test_check(self):
        for service in ["", "matrix.Matrix"]:
            self.assertEqual(self.check(service), health_pb2.HealthCheckResponse.SERVING)
        self.fails(grpc.StatusCode.NOT_FOUND, lambda: self.check("nobody"))

    def test_z_watch_until_the_hub_stops(self):
        # The last test: it ends the server.
        stub = health_pb2_grpc.HealthStub(CHANNEL)
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="nobody"), timeout=TIMEOUT)
        self.assertEqual(next(unknown).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
        unknown.cancel()
        known = stub.Watch(health_pb2.HealthCheckRequest(service="matrix.Matrix"), timeout=TIMEOUT)
        self.assertEqual(next(known).status, health_pb2.HealthCheckResponse.SERVING)
        os.kill(SERVER_PID, signal.SIGTERM)
        self.assertEqual(next(known).status, health_pb2.HealthCheckResponse.NOT_SERVING)
        self.fails(grpc.StatusCode.UNAVAILABLE, lambda: next(known))


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for case in [Reflection, Shapes, Endings, Metadata, Compression, Keepalive, Health]:
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    print(f"grpcio {grpc.__version__}")
    unittest.main(verbosity=1)
