"""Sessions with an MQTT broker, for every connector that speaks through one. No connector by itself."""
