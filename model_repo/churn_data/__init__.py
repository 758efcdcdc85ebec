"""What customers are: how a cell is spelt, read, checked and written; tables, object storage, simulated customers."""
