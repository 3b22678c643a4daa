"""What all commands share: how they are found, how they speak, how they end."""
