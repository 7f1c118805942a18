"""Who asks: API keys, tokens, client certificates, their limits and rates."""
