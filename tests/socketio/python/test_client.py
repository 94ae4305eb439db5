"""python-socketio, a second implementation of the client: every message once and in order, acks, bytes, questions."""
import threading

import requests
import socketio

from support import PATIENCE_S, Case, on_each_transport, until

ALL_BYTES = bytes(range(256))


class PythonClient(Case):
    @on_each_transport
    def test_hears_what_is_published_once_and_in_order(self, name, transports):
        client = self.connect(f'/heard/{name}', transports)
        ids = [self.server.publish(f'heard/{name}', str(n)) for n in range(50)]
        self.assertEqual(client.hears('n', 50), [(str(n), ids[n]) for n in range(50)])
        wanted = 'polling' if name == 'polling' else 'websocket'
        self.assertEqual(client.socket.transport(), wanted)

    @on_each_transport
    def test_others_hear_what_it_emits_and_it_does_not(self, name, transports):
        speaker, listener = (self.connect(f'/said/{name}', transports) for _ in range(2))
        for n in range(50):
            speaker.emit('n', n)
        self.assertEqual([n for n, _ in listener.hears('n', 50)], list(range(50)))
        self.server.publish(f'said/{name}', '', 'end')
        speaker.hears('end')
        self.assertEqual(speaker.events('n'), [])

    @on_each_transport
    def test_acks_tell_ids_and_refusals(self, name, transports):
        client = self.connect(f'/acked/{name}', transports)
        self.assertRegex(client.call('n', 1)['id'], r'^\d+-\d+$')
        self.assertEqual(client.call('x' * 129)['error']['status'], 400)
        self.assertEqual(client.call('holdline:presence')['count'], 1)

    @on_each_transport
    def test_several_arguments_and_none(self, name, transports):
        speaker, listener = (self.connect(f'/arguments/{name}', transports) for _ in range(2))
        speaker.emit('several', (1, 'two', {'three': [3]}))
        speaker.emit('list', [1, 2])
        speaker.emit('none')
        listener.hears('none')
        heard = [(event, arguments[:-1]) for event, arguments in listener.heard]
        self.assertEqual(heard, [('several', (1, 'two', {'three': [3]})), ('list', ([1, 2],)), ('none', (None,))])

    @on_each_transport
    def test_bytes_both_ways(self, name, transports):
        speaker, listener = (self.connect(f'/bytes/{name}', transports) for _ in range(2))
        said = [(ALL_BYTES,), ({'a': [ALL_BYTES, 1, {'b': b'\x1e'}]},), (ALL_BYTES, 'x', b'')]
        for each in said:
            speaker.emit('bytes', each)
        self.assertEqual([heard[:-1] for heard in listener.hears('bytes', len(said))], said)

    @on_each_transport
    def test_answers_questions(self, name, transports):
        client = self.connect(f'/asked/{name}', transports)
        client.socket.on('add', lambda numbers: sum(numbers), namespace=client.namespace)
        asked = requests.post(f'{self.server.url}/ask/asked/{name}?event=add', json=[1, 2], timeout=PATIENCE_S)
        self.assertEqual((asked.status_code, asked.json()), (200, 3))
        self.assertEqual(asked.headers['Holdline-Answered-By'], client.sid)

    @on_each_transport
    def test_many_threads_emit_at_the_same_time(self, name, transports):
        speaker, listener = (self.connect(f'/threads/{name}', transports) for _ in range(2))
        threads = [threading.Thread(target=lambda who=who: [speaker.emit('n', [who, n]) for n in range(20)])
                   for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        heard = [data for data, _ in listener.hears('n', 80)]
        for who in range(4):
            self.assertEqual([n for by, n in heard if by == who], list(range(20)))

    def test_auth_names_a_client_and_tells_where_to_begin(self):
        for n in range(5):
            self.server.publish('past', str(n))
        client = self.connect('/past', auth={'since': 'start', 'name': 'Ann'})
        self.assertEqual([data for data, _ in client.hears('n', 5)], [str(n) for n in range(5)])
        present = client.call('holdline:presence')['clients']
        self.assertEqual([(who['id'], who['name']) for who in present], [(client.sid, 'Ann')])

    def test_subscribes_to_more_channels(self):
        client = self.connect('/own')
        self.assertEqual(client.call('holdline:subscribe', ['more'])['channels'], ['more'])
        published = self.server.publish('more', '1')
        self.assertEqual(client.hears('n'), [('1', {'channel': 'more'}, published)])

    def test_a_namespace_that_is_no_channel_is_refused(self):
        with self.assertRaises(socketio.exceptions.ConnectionError):
            self.connect('/no//channel')

    @on_each_transport
    def test_a_client_that_is_taken_out_is_told(self, name, transports):
        client = self.connect(f'/out/{name}', transports)
        self.assertEqual(requests.delete(f'{self.server.url}/clients/{client.sid}', timeout=PATIENCE_S).status_code, 204)
        until(lambda: client.left)
