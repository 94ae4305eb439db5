"""Python's websockets as an echo with its defaults, for tests/autobahn/run --server websockets.

Its message limit alone is raised, from 1 to 16 MiB, for group 9 sends that much. permessage-deflate is on by default.
"""

import asyncio
import signal

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(connection):
    try:
        async for message in connection:
            await connection.send(message)
    except ConnectionClosed:
        pass


async def main():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with serve(echo, "127.0.0.1", 0, max_size=16 * 1024 * 1024) as server:
        host, port = server.sockets[0].getsockname()
        print(f"listening on http://{host}:{port}", flush=True)
        await ended.wait()


asyncio.run(main())
