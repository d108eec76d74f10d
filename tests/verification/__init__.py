"""What the verification tests share: exact answers, cells, manufactured solutions, and the book that they write."""
