"""The one door to the server: the table of operations, and who may do what how often. It knows no protocol."""
