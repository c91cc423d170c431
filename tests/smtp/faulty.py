"""A server of somebody else's making (aiosmtpd) that fails a mail as its recipient says.

A recipient is PHASE-FAULT-NUMBER@…: the phase is rcpt, data or dot; the fault an answer's code with
the dots of its status left out (550511), `drop` (the connection ends without an answer), `late` (the
answer comes when nobody waits any more) or `none`. Writes its port on the first line, and then a line
for whatever it decides: `taken RECIPIENT`, `late RECIPIENT`, `idle`. Ends with its standard input.

The one argument is how many seconds a connection may rest before it is told goodbye.
"""

import asyncio
import sys

from aiosmtpd.smtp import SMTP

# Longer than it takes to drop a delivery, short enough for a test.
LATE_SECONDS = 0.05


def say(*words):
    print(*words, flush=True)


async def fails(server, recipient, phase):
    """The answer with which this phase fails for a recipient, if it does."""
    at, fault, _ = recipient.split("@")[0].split("-")
    if at != phase or fault == "none":
        return None
    if fault == "late":
        say("late", recipient)
        await asyncio.sleep(LATE_SECONDS)
        return None
    if fault == "drop":
        server.transport.abort()
        return "250 never sent"
    code, status = fault[:3], ".".join(fault[3:])
    answer = f"{code} {status} as you wish".replace("  ", " ")
    if code == "421":
        await server.push(answer)
        server.transport.close()
    return answer


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await fails(server, address, "rcpt")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        [recipient] = envelope.rcpt_tos
        answer = await fails(server, recipient, "dot")
        if answer is None:
            say("taken", recipient)
        return answer or "250 2.0.0 taken"


class Server(SMTP):
    async def smtp_DATA(self, arg):
        recipients = self.envelope.rcpt_tos
        answer = await fails(self, recipients[0], "data") if recipients else None
        if answer is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(answer)

    def _timeout_cb(self):
        self.transport.write(b"221 2.0.0 idle for too long, goodbye\r\n")
        self.transport.close()
        say("idle")


async def main():
    loop = asyncio.get_running_loop()
    idle_seconds = float(sys.argv[1])

    def connection():
        return Server(Handler(), hostname="relay.test", timeout=idle_seconds, loop=loop)

    server = await loop.create_server(connection, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
