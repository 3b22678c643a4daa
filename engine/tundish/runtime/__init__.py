"""The daemon: sources, durable intake, lanes, deliveries, and the operator's socket.

`daemon.run` runs one, and `control.client.request` talks to one. Nothing is imported here, because the client is needed
by short commands, and the daemon brings everything.
"""
