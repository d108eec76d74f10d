"""From solutions to numbers, tables, pictures and files."""
