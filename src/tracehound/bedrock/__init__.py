"""What Bedrock writes in more than one of its logs."""
