"""The page of `dashgen preview`, in a real browser."""
