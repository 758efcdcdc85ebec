"""Plain HTTP for whoever answers it: connections within limits, a body counted as it arrives, a server that leaves
politely. It knows no model."""
