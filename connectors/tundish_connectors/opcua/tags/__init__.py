"""From tag values to transactions: what a value has to pass before it is handed over, and the handshake."""
