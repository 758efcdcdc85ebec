"""Makes a package of the winner, signs it and puts it where servers look."""
