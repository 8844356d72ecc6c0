"""Streams: events are written to NATS JetStream or Kafka, where any number of readers follow them."""
