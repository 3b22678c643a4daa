"""How messages come in: units become durable before their source may acknowledge them."""
