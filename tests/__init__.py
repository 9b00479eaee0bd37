"""What dashgen promises, shown on real programs where there are any."""
