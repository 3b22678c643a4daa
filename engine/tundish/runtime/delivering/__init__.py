"""How messages leave: lanes, one attempt, what its outcome means, and the circuit of a destination."""
