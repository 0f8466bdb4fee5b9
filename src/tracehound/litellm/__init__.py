"""What the parts of a LiteLLM payload say: who called, which texts, which verdict, which tools and stores."""
