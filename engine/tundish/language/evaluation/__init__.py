"""What values mean while an expression runs: kinds, truth, equality, order, exact arithmetic, limits."""
