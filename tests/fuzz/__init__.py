"""Coverage-guided fuzzing of all that reads what strangers send: `make fuzz`. Finds stay in cases/."""
