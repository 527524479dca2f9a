"""The operations of the `ttnn` interface, by kind."""
