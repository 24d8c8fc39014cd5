"""What Eclipse Paho for Python sees of a broker: paho-client.py PORT. To be the same whatever broker it is."""
import sys
import threading
import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

PORT = int(sys.argv[1])


class Client:
    def __init__(self, name, protocol, **kw):
        if hasattr(mqtt, "CallbackAPIVersion"):
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, name, protocol=protocol, **kw)
        else:
            self.client = mqtt.Client(name, protocol=protocol, **kw)
        self.got = []
        self.event = threading.Condition()
        self.connected = threading.Event()
        self.subscribed = threading.Event()
        self.client.on_connect = lambda *args: self.connected.set()
        self.client.on_subscribe = lambda *args: self.subscribed.set()
        self.client.on_message = self.message

    def message(self, _client, _userdata, message):
        with self.event:
            self.got.append(message)
            self.event.notify_all()

    def connect(self, **kw):
        self.client.connect("127.0.0.1", PORT, 30, **kw)
        self.client.loop_start()
        assert self.connected.wait(10)
        return self

    def subscribe(self, *args, **kw):
        self.subscribed.clear()
        self.client.subscribe(*args, **kw)
        assert self.subscribed.wait(10)

    def wait(self, count):
        with self.event:
            assert self.event.wait_for(lambda: len(self.got) >= count, 10), self.got
            return self.got[:count]

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


for name, protocol in (("MQTT 3.1.1", mqtt.MQTTv311), ("MQTT 5", mqtt.MQTTv5)):
    for qos in (0, 1, 2):
        one = Client(f"paho-{protocol}-{qos}", protocol).connect()
        topic = f"paho/{protocol}/{qos}"
        one.subscribe(topic, qos)
        for number in range(100):
            one.client.publish(topic, str(number), qos).wait_for_publish()
        texts = [message.payload.decode() for message in one.wait(100)]
        print(name, "QoS", qos, "in order:", texts == [str(n) for n in range(100)])
        one.end()

one = Client("paho-5", mqtt.MQTTv5).connect()
one.subscribe("paho/properties", 1)
properties = Properties(PacketTypes.PUBLISH)
properties.ContentType = "application/json"
properties.ResponseTopic = "answers/here"
properties.CorrelationData = b"\x00\xff"
properties.UserProperty = [("a", "1"), ("a", "2")]
one.client.publish("paho/properties", b"{}", 1, properties=properties)
(message,) = one.wait(1)
found = message.properties
print(found.ContentType, found.ResponseTopic, found.CorrelationData, found.UserProperty)
one.end()

lefts = [Client(f"paho-share-{n}", mqtt.MQTTv5).connect() for n in range(2)]
for client in lefts:
    client.subscribe("$share/group/paho/shared", 1)
writer = Client("paho-writer", mqtt.MQTTv5).connect()
for number in range(40):
    writer.client.publish("paho/shared", str(number), 1).wait_for_publish()
import time
deadline = time.time() + 10
while sum(len(client.got) for client in lefts) < 40 and time.time() < deadline:
    time.sleep(0.02)
counts = [len(client.got) for client in lefts]
print("shared:", sum(counts), "each some:", min(counts) > 0)
for client in (*lefts, writer):
    client.end()
