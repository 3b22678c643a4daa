"""Sparkplug B payloads: protobuf to exact data and back."""
