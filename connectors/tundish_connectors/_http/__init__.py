"""What connectors share that speak HTTP: words of their settings, and a server inside the daemon's loop that waits for
no client longer than it should.

Private to the connectors of this distribution; it knows nothing of what is asked or served.
"""
