"""A holdline of our own, as a user starts it, and clients that keep what they hear."""
import functools
import os
import re
import subprocess
import time
import unittest

import requests
import socketio
from engineio.payload import Payload

# This client by itself takes no more than 16 packets in one poll, from any server; its documentation says to set this.
Payload.max_decode_packets = 1000

PATIENCE_S = 60  # guards against hanging; nothing is measured by it


class Holdline:
    def __init__(self, *flags):
        program = os.environ['HOLDLINE']
        command = [program, '--listen', '127.0.0.1:0', '--log', 'error', *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = re.search(r'listening on (http:\S+)', self.process.stdout.readline()).group(1)

    def publish(self, channel, data, event='n'):
        answer = requests.post(f'{self.url}/channels/{channel}', params={'event': event}, data=data, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json()['id']

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def until(look):
    """Asks until `look` gives something true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(0.01)
    raise AssertionError('waited too long')


class Client:
    """One namespace of one connection; `heard` holds (event, arguments)."""

    def __init__(self, server, namespace, transports=None, auth=None, path='socket.io'):
        self.namespace = namespace
        self.heard = []
        self.left = []
        self.socket = socketio.Client(reconnection=False)
        self.socket.on('*', self._hear, namespace=namespace)
        self.socket.on('disconnect', lambda reason: self.left.append(reason), namespace=namespace)
        self.socket.connect(server.url, namespaces=[namespace], transports=transports, auth=auth, socketio_path=path,
                            wait_timeout=PATIENCE_S)

    def _hear(self, event, *arguments):
        self.heard.append((event, arguments))

    @property
    def sid(self):
        return self.socket.get_sid(self.namespace)

    def emit(self, event, data=None):
        self.socket.emit(event, data, namespace=self.namespace)

    def call(self, event, data=None):
        return self.socket.call(event, data, namespace=self.namespace, timeout=PATIENCE_S)

    def events(self, name):
        return [arguments for event, arguments in self.heard if event == name]

    def hears(self, name, count=1):
        until(lambda: len(self.events(name)) >= count)
        return self.events(name)

    def end(self):
        self.socket.disconnect()


TRANSPORTS = {'polling': ['polling'], 'websocket': ['websocket'], 'upgrade': None}


def on_each_transport(test):
    """Runs `test(self, name, transports)` for each of them."""
    @functools.wraps(test)
    def run(self):
        for name, transports in TRANSPORTS.items():
            with self.subTest(transport=name):
                test(self, name, transports)
    return run


class Case(unittest.TestCase):
    """A test with a server, and with clients that end with it."""

    def setUp(self):
        self.server = Holdline()
        self.addCleanup(self.server.end)

    def connect(self, namespace, transports=None, **options):
        client = Client(self.server, namespace, transports, **options)
        self.addCleanup(client.end)
        return client
