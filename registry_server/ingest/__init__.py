"""Takes agents' messages from the broker, stores each once, and acknowledges after the commit."""
